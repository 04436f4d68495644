using System.Diagnostics;
using PureHDF;
using Shunt.Experiments;
using Shunt.Model;
using Xunit;

namespace Shunt.Tests.Experiments;

public sealed class SpikeSpoolTests : IDisposable
{
    private readonly PassingFolder folder = new();

    private static NetworkModel Network => new("n", [new("E", 5, Neuron.Paper), new("I", 3, Neuron.Paper), new("silent", 2, Neuron.Paper)], [], []);

    private string Spool => folder.File("spikes.spool");

    private string Sonata => folder.File("spikes.h5");

    public void Dispose() => folder.Dispose();

    [Fact]
    public void What_is_recorded_is_read_back()
    {
        Record((0, [1, 4]), (3, []), (7, [0, 6, 7]));

        SpikeSpoolHeader header = SpikeSpool.ReadHeader(Spool);
        Assert.Equal(1e-4, header.TimeStep);
        Assert.Equal([new("E", 5), new("I", 3), new SpikePopulation("silent", 2)], header.Populations);
        Assert.Equal(["0: 1 4", "7: 0 6 7"], ReadAll());
    }

    [Theory]
    [InlineData(1, "0: 1 4", "7: 0 6")]
    [InlineData(4, "0: 1 4", "7: 0 6")]
    [InlineData(12, "0: 1 4", "7: ")]
    [InlineData(13, "0: 1 4")]
    public void A_last_record_cut_short_by_a_crash_is_read_as_far_as_it_goes(int lostBytes, params string[] expected)
    {
        Record((0, [1, 4]), (7, [0, 6, 7]));
        using (FileStream file = File.OpenWrite(Spool)) file.SetLength(file.Length - lostBytes);

        Assert.Equal(expected, ReadAll());
    }

    [Fact]
    public void A_spool_that_was_never_closed_holds_what_was_flushed()
    {
        SpikeSpool spool = SpikeSpool.Create(Spool, Network, 1e-4);
        spool.Record(5, [2]);
        spool.Flush();
        spool.Record(6, [3]);

        Assert.Equal(["5: 2"], ReadAll());
        SonataFile.Write(Spool, Sonata);
        using (var h5 = H5File.OpenRead(Sonata)) Assert.Equal([0.5], h5.Dataset("/spikes/E/timestamps").Read<double[]>(), Close);
        spool.Dispose();
        Assert.Equal(["5: 2", "6: 3"], ReadAll());
    }

    [Fact]
    public void A_full_disk_is_one_clear_error_and_what_came_before_stays()
    {
        using var disk = new SmallDisk(limit: 120);
        SpikeSpool spool = SpikeSpool.Create(disk, "spikes.spool", Network, 1e-4);
        spool.Record(0, [1, 4]);
        spool.Flush();
        spool.Record(1, [.. Enumerable.Repeat(3, 100)]);

        ResultsException error = Assert.Throws<ResultsException>(spool.Flush);
        Assert.Equal(
            "spikes.spool: recording spikes failed (No space left on device); what was written before is kept: 'shunt recover FOLDER' converts it",
            error.Message);
        Assert.Equal(1, error.ExitCode);
        spool.Record(2, [1]);
        spool.Dispose(); // says nothing more
        File.WriteAllBytes(Spool, disk.ToArray());
        Assert.Equal("0: 1 4", ReadAll()[0]);
    }

    [Fact]
    public void Spikes_before_a_silence_reach_the_disk_after_a_second()
    {
        using SpikeSpool spool = SpikeSpool.Create(Spool, Network, 1e-4);
        spool.Record(3, [1, 4]);
        Assert.Empty(ReadAll());
        Thread.Sleep(1050);
        spool.FlushWhenDue();
        Assert.Equal(["3: 1 4"], ReadAll());
    }

    [Fact]
    public void A_sonata_file_has_the_layout_of_the_convention_and_the_spool_is_gone()
    {
        Record((0, [1, 4]), (7, [0, 6, 7]), (9, [5]));
        SonataFile.Finish(Spool, Sonata);

        Assert.False(File.Exists(Spool));
        using var h5 = H5File.OpenRead(Sonata);
        Assert.Equal(0x0A7Au, h5.Attribute("magic").Read<uint>());
        Assert.Equal([0u, 1u], h5.Attribute("version").Read<uint[]>());
        Assert.Equal("ms", h5.Dataset("/spikes/E/timestamps").Attribute("units").Read<string>());
        Assert.Equal([0.0, 0.0, 0.7], h5.Dataset("/spikes/E/timestamps").Read<double[]>(), Close);
        Assert.Equal([1, 4, 0], h5.Dataset("/spikes/E/node_ids").Read<ulong[]>());
        Assert.Equal([0.7, 0.7, 0.9], h5.Dataset("/spikes/I/timestamps").Read<double[]>(), Close);
        Assert.Equal([1, 2, 0], h5.Dataset("/spikes/I/node_ids").Read<ulong[]>());
        Assert.Empty(h5.Dataset("/spikes/silent/node_ids").Read<ulong[]>());
    }

    [Fact]
    public void H5py_reads_a_sonata_file_of_many_chunks()
    {
        using (SpikeSpool spool = SpikeSpool.Create(Spool, Network, 1e-4))
        {
            for (int step = 0; step < 300_000; step++) spool.Record(step, [step % 5, 5 + step % 3]);
        }

        SonataFile.Finish(Spool, Sonata);
        string script =
            """
            import sys, h5py, numpy as np
            f = h5py.File(sys.argv[1], 'r')
            e = f['/spikes/E']
            step = np.arange(300000)
            assert f.attrs['magic'] == 0x0A7A and list(f.attrs['version']) == [0, 1]
            assert e['timestamps'].dtype == np.float64 and e['node_ids'].dtype == np.uint64
            assert e['timestamps'].attrs['units'] == 'ms', e['timestamps'].attrs['units']
            names = h5py.check_enum_dtype(e.attrs.get_id('sorting').dtype)
            assert names == {'none': 0, 'by_id': 1, 'by_time': 2} and e.attrs['sorting'] == names['by_time'], (names, e.attrs['sorting'])
            assert e['timestamps'].chunks == (65536,) and e['timestamps'].compression == 'gzip' and e['timestamps'].shuffle
            assert np.allclose(e['timestamps'][:], step * 0.1, rtol=1e-12, atol=0)
            assert np.array_equal(e['node_ids'][:], step % 5)
            assert np.array_equal(f['/spikes/I/node_ids'][:], step % 3)
            assert f['/spikes/silent/timestamps'].shape == (0,)
            print('ok')
            """;
        (int exit, string output) = Python("-c", script, Sonata);
        Assert.SkipWhen(output.Contains("No module named 'h5py'", StringComparison.Ordinal) || exit == -1, "python3 with h5py is not installed");
        Assert.Equal("ok", output.Trim());
    }

    [Fact]
    public void A_file_that_is_no_spool_is_named()
    {
        File.WriteAllText(Spool, "something else entirely");
        Assert.Equal($"{Spool}: is not a spike spool", Assert.Throws<ResultsException>(() => ReadAll()).Message);
        Assert.Throws<ResultsException>(() => SonataFile.Write(folder.File("absent.spool"), Sonata));
        Assert.False(File.Exists(Sonata));
    }

    private static bool Close(double a, double b) => Math.Abs(a - b) < 1e-12;

    private void Record(params (long Step, int[] Neurons)[] steps)
    {
        using SpikeSpool spool = SpikeSpool.Create(Spool, Network, 1e-4);
        foreach ((long step, int[] neurons) in steps) spool.Record(step, neurons);
    }

    private string[] ReadAll() => [.. SpikeSpool.Read(Spool).Select(s => $"{s.Step}: {string.Join(' ', s.Neurons)}")];

    private static (int Exit, string Output) Python(params string[] arguments)
    {
        var start = new ProcessStartInfo("/usr/bin/python3", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (!File.Exists(start.FileName)) return (-1, "");
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }

    private sealed class SmallDisk(int limit) : MemoryStream
    {
        public override void Write(byte[] buffer, int offset, int count)
        {
            if (Length + count > limit) throw new IOException("No space left on device");
            base.Write(buffer, offset, count);
        }
    }
}
