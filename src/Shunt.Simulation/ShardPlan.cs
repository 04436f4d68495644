namespace Shunt.Simulation;

/// <summary>Cuts populations into shards, and says which rank and which thread owns which.</summary>
internal static class ShardPlan
{
    /// <summary>Neurons of a shard unless it is told otherwise: the counts of a channel then fill the first-level cache, and a spike still has long runs of targets.</summary>
    private const int MostByDefault = 16_384;

    /// <summary>What a piece costs besides its neurons, in neurons: every spike of its sources is looked up in it, with grouped delays several times.</summary>
    private const int PieceCost = 128, GroupedPieceCost = 640;

    /// <summary>A shard to be.</summary>
    /// <param name="Population">Its population.</param>
    /// <param name="First">First neuron within the population; a multiple of <see cref="Shard.Granule"/>.</param>
    /// <param name="Count">Neurons.</param>
    /// <param name="Owner">Thread that advances it.</param>
    internal readonly record struct Piece(LoweredPopulation Population, int First, int Count, int Owner);

    /// <summary>Consecutive neurons of one population.</summary>
    /// <param name="Population">The population.</param>
    /// <param name="First">First neuron within the population; a multiple of <see cref="Shard.Granule"/>.</param>
    /// <param name="End">Beyond the last.</param>
    internal readonly record struct Slice(LoweredPopulation Population, int First, int End)
    {
        internal int Count => End - First;
    }

    /// <summary>
    /// The neurons of every rank: equal numbers of consecutive ones, through all populations, up to a granule of neurons or, with procedural wiring, a block. A rank may be left without any.
    /// </summary>
    internal static Slice[][] OfRanks(LoweredNetwork network, int ranks)
    {
        var slices = Enumerable.Range(0, ranks).Select(_ => new List<Slice>()).ToArray();
        double done = 0;
        foreach (LoweredPopulation population in network.Populations)
        {
            int size = population.Source.Size, unit = network.Settings.Wiring == WiringStorage.Procedural ? ProceduralWiring.BlockSize(size) : Shard.Granule;
            for (int first = 0; first < size;)
            {
                int end = Math.Min(size, first + unit), rank = (int)((done + ((end - first) / 2.0)) * ranks / network.Model.Size);
                done += end - first;
                List<Slice> own = slices[rank];
                if (own.Count > 0 && own[^1].Population == population) own[^1] = own[^1] with { End = end };
                else own.Add(new Slice(population, first, end));
                first = end;
            }
        }

        return [.. slices.Select(s => s.ToArray())];
    }

    /// <summary>
    /// Shards in the order of their neurons. Every thread gets an equal share of the work, in as few and as large pieces as possible. A size of shards that is asked for, or the blocks of procedural wiring, come first; they are dealt out in turn.
    /// </summary>
    internal static IReadOnlyList<Piece> Of(LoweredNetwork network, int threads) => Of(network, OfRanks(network, 1)[0], threads);

    /// <summary>Shards of some neurons, as above.</summary>
    internal static IReadOnlyList<Piece> Of(LoweredNetwork network, IReadOnlyList<Slice> slices, int threads)
    {
        var pieces = new List<Piece>();
        int fixedCost = network.Populations.Any(p => p.Routes.Any(r => r.Groups > 1)) ? GroupedPieceCost : PieceCost;
        double share = (slices.Sum(s => s.Count) + (fixedCost * (threads + slices.Count - 1.0))) / threads, left = share;
        int thread = 0;
        foreach ((LoweredPopulation population, int sliceFirst, int sliceEnd) in slices)
        {
            if (FixedSize(network.Settings, population.Source.Size) is var fixedSize and > 0)
            {
                Cut(sliceFirst, sliceEnd, fixedSize, -1);
                continue;
            }

            for (int first = sliceFirst; first < sliceEnd;)
            {
                int granules = (int)Math.Round((left - fixedCost) / Shard.Granule);
                if (granules < 1 && thread < threads - 1)
                {
                    (thread, left) = (thread + 1, share);
                    continue;
                }

                int end = thread == threads - 1 ? sliceEnd : Math.Min(sliceEnd, first + (granules * Shard.Granule));
                int parts = (end - first + MostByDefault - 1) / MostByDefault;
                Cut(first, end, (end - first + parts - 1) / parts, thread);
                left -= end - first + fixedCost;
                first = end;
            }

            void Cut(int first, int end, int pieceSize, int owner)
            {
                pieceSize = Math.Clamp((pieceSize + Shard.Granule - 1) / Shard.Granule * Shard.Granule, Shard.Granule, Shard.MostNeurons);
                for (; first < end; first += pieceSize)
                    pieces.Add(new Piece(population, first, Math.Min(pieceSize, end - first), owner >= 0 ? owner : pieces.Count % threads));
            }
        }

        return pieces;
    }

    private static int FixedSize(SimulationSettings settings, int population) =>
        settings.Wiring == WiringStorage.Procedural ? ProceduralWiring.BlockSize(population) : settings.ShardSize;
}
