namespace Shunt.Simulation;

/// <summary>Cuts populations into shards, and says which thread owns which.</summary>
internal static class ShardPlan
{
    /// <summary>Neurons of a shard unless it is told otherwise: the counts of a channel then fill the first-level cache, and a spike still has long runs of targets.</summary>
    private const int MostByDefault = 16_384;

    /// <summary>A shard to be.</summary>
    /// <param name="Population">Its population.</param>
    /// <param name="First">First neuron within the population; a multiple of <see cref="Shard.Granule"/>.</param>
    /// <param name="Count">Neurons.</param>
    /// <param name="Owner">Thread that advances it.</param>
    internal readonly record struct Piece(LoweredPopulation Population, int First, int Count, int Owner);

    /// <summary>
    /// Shards in the order of their neurons. Every thread gets an equal share of all neurons, in as few and as large pieces as possible: a spike costs a little for every piece it
    /// reaches. A size of shards that is asked for, or the blocks of procedural wiring, come first; they are dealt out in turn.
    /// </summary>
    internal static IReadOnlyList<Piece> Of(LoweredNetwork network, int threads)
    {
        var pieces = new List<Piece>();
        double share = (double)network.Model.Size / threads;
        foreach (LoweredPopulation population in network.Populations)
        {
            int size = population.Source.Size;
            if (FixedSize(network.Settings, size) is var fixedSize and > 0)
            {
                Cut(0, size, fixedSize, -1);
                continue;
            }

            for (int thread = 0, first = 0; thread < threads && first < size; thread++)
            {
                int end = thread == threads - 1 ? size : (int)Math.Clamp(Math.Round((((thread + 1) * share) - population.FirstNeuron) / Shard.Granule) * Shard.Granule, 0, size);
                if (end <= first) continue;
                int parts = (end - first + MostByDefault - 1) / MostByDefault;
                Cut(first, end, (end - first + parts - 1) / parts, thread);
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
