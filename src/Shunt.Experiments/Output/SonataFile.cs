using PureHDF;
using PureHDF.Filters;
using PureHDF.Selections;
using PureHDF.VOL.Native;

namespace Shunt.Experiments;

/// <summary>
/// Spikes as a SONATA report (HDF5): <c>/spikes/POPULATION/timestamps</c> in ms and <c>node_ids</c> from 0 within the population, sorted by time.
/// </summary>
public static class SonataFile
{
    private const int Chunk = 65_536;
    private const int Piece = 16 * Chunk;

    /// <summary>The library holds compressed chunks until the file is closed, 16 bytes a spike; longer recordings are streamed uncompressed.</summary>
    private const long MostCompressed = 10_000_000;

    /// <summary>Order of the spikes in a population; names and numbers are those of the SONATA convention.</summary>
    private enum Sorting : byte
    {
        none = 0,
        by_id = 1,
        by_time = 2,
    }

    /// <summary>
    /// Converts a spool, also one that an interrupted run has left. Memory stays bounded: the spool is read once to count and twice for
    /// each population, in pieces of a million spikes; up to ten million spikes are compressed, more are not. The spool is left in place;
    /// see <see cref="Finish"/>.
    /// </summary>
    /// <param name="spoolPath">The spool.</param>
    /// <param name="sonataPath">File to write; it appears only when it is complete.</param>
    /// <exception cref="ResultsException">The spool cannot be read, or the file cannot be written.</exception>
    public static void Write(string spoolPath, string sonataPath)
    {
        SpikeSpoolHeader header = SpikeSpool.ReadHeader(spoolPath);
        int[] first = FirstIndices(header);
        long[] counts = Count(spoolPath, header, first);
        ResultsFolder.WriteWhole(sonataPath, partial => WritePartial(partial, spoolPath, header, first, counts));
    }

    /// <summary>Converts a spool and deletes it.</summary>
    /// <param name="spoolPath">The spool.</param>
    /// <param name="sonataPath">File to write.</param>
    /// <exception cref="ResultsException">The spool cannot be read, or the file cannot be written; the spool is kept.</exception>
    public static void Finish(string spoolPath, string sonataPath)
    {
        Write(spoolPath, sonataPath);
        File.Delete(spoolPath);
    }

    private static void WritePartial(string path, string spoolPath, SpikeSpoolHeader header, int[] first, long[] counts)
    {
        var creation = new H5DatasetCreation(Filters:
        [
            ShuffleFilter.Id,
            new H5Filter(DeflateFilter.Id, new Dictionary<string, object> { [DeflateFilter.COMPRESSION_LEVEL] = 1 }),
        ]);
        bool compress = counts.Sum() <= MostCompressed;
        H5Dataset<T[]> Dataset<T>(long n) => n > 0 && compress
            ? new H5Dataset<T[]>([(ulong)n], chunks: [(uint)Math.Min(n, Chunk)], datasetCreation: creation)
            : new H5Dataset<T[]>([(ulong)n]);

        H5Dataset<double[]>[] times = [.. counts.Select(Dataset<double>)];
        H5Dataset<ulong[]>[] ids = [.. counts.Select(Dataset<ulong>)];
        var spikes = new H5Group();
        for (int p = 0; p < counts.Length; p++)
        {
            times[p].Attributes["units"] = "ms";
            spikes[header.Populations[p].Name] = new H5Group
            {
                Attributes = new() { ["sorting"] = Sorting.by_time },
                ["timestamps"] = times[p],
                ["node_ids"] = ids[p],
            };
        }

        var file = new H5File { ["spikes"] = spikes };
        file.Attributes["magic"] = 0x0A7Au;
        file.Attributes["version"] = new uint[] { 0, 1 };
        using H5NativeWriter writer = file.BeginWrite(path);
        for (int p = 0; p < counts.Length; p++)
        {
            int last = first[p] + header.Populations[p].Size;
            int from = first[p];
            WritePieces(writer, times[p], counts[p],
                Spikes(spoolPath, from, last).Select(s => SpikeSpool.TimeInMilliseconds(s.Step, header.TimeStep)));
            WritePieces(writer, ids[p], counts[p], Spikes(spoolPath, from, last).Select(s => (ulong)(s.Neuron - from)));
        }
    }

    private static void WritePieces<T>(H5NativeWriter writer, H5Dataset<T[]> dataset, long total, IEnumerable<T> values)
    {
        long written = 0;
        foreach (T[] piece in values.Chunk(Piece))
        {
            writer.Write(dataset, piece, new HyperslabSelection(0, (ulong)piece.Length), new HyperslabSelection((ulong)written, (ulong)piece.Length));
            written += piece.Length;
        }

        if (written != total) throw new ResultsException($"the spool changed while it was converted: {total} spikes were counted and {written} read");
    }

    private static IEnumerable<(long Step, int Neuron)> Spikes(string spoolPath, int first, int last)
    {
        foreach ((long step, int[] neurons) in SpikeSpool.Read(spoolPath))
        {
            foreach (int neuron in neurons)
            {
                if (neuron >= first && neuron < last) yield return (step, neuron);
            }
        }
    }

    private static int[] FirstIndices(SpikeSpoolHeader header)
    {
        var first = new int[header.Populations.Count];
        for (int p = 1; p < first.Length; p++) first[p] = first[p - 1] + header.Populations[p - 1].Size;
        return first;
    }

    private static long[] Count(string spoolPath, SpikeSpoolHeader header, int[] first)
    {
        var counts = new long[first.Length];
        int size = header.Populations.Sum(p => p.Size);
        foreach ((long step, int[] neurons) in SpikeSpool.Read(spoolPath))
        {
            foreach (int neuron in neurons)
            {
                if (neuron < 0 || neuron >= size)
                    throw new ResultsException(
                        $"{spoolPath}: is damaged: neuron {neuron} at step {step}, but there are {size}");
                int p = Array.BinarySearch(first, neuron);
                counts[p >= 0 ? p : ~p - 1]++;
            }
        }

        return counts;
    }
}
