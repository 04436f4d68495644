namespace Shunt.Simulation;

/// <summary>Cuts populations into shards, and says which thread owns which.</summary>
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

    /// <summary>
    /// Shards in the order of their neurons. Every thread gets an equal share of the work, in as few and as large pieces as possible. A size of shards that is asked for, or the blocks of procedural wiring, come first; they are dealt out in turn.
    /// </summary>
    internal static IReadOnlyList<Piece> Of(LoweredNetwork network, int threads)
    {
        var pieces = new List<Piece>();
        int fixedCost = network.Populations.Any(p => p.Routes.Any(r => r.Groups > 1)) ? GroupedPieceCost : PieceCost;
        double share = (network.Model.Size + (fixedCost * (threads + network.Populations.Count - 1.0))) / threads, left = share;
        int thread = 0;
        foreach (LoweredPopulation population in network.Populations)
        {
            int size = population.Source.Size;
            if (FixedSize(network.Settings, size) is var fixedSize and > 0)
            {
                Cut(0, size, fixedSize, -1);
                continue;
            }

            for (int first = 0; first < size;)
            {
                int granules = (int)Math.Round((left - fixedCost) / Shard.Granule);
                if (granules < 1 && thread < threads - 1)
                {
                    (thread, left) = (thread + 1, share);
                    continue;
                }

                int end = thread == threads - 1 ? size : Math.Min(size, first + (granules * Shard.Granule)), parts = (end - first + MostByDefault - 1) / MostByDefault;
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
