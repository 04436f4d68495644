namespace Shunt.Simulation;

/// <summary>
/// The units of a pool that fire in a step: a Poisson number of them, each chosen at random, which is the superposition of independent Poisson units. Every
/// thread draws the same ones.
/// </summary>
internal sealed class PoolDraw(PoolSource pool, ulong seed)
{
    private readonly RandomStream _counts = new(seed, RandomPurpose.PoolCount, (uint)pool.Index);
    private readonly RandomStream _ties = new(seed, RandomPurpose.PoissonTie, (uint)pool.Index | 1u << 23);
    private readonly RandomStream _units = new(seed, RandomPurpose.PoolUnit, (uint)pool.Index);

    /// <summary>Draws the spikes of some steps.</summary>
    internal void Draw(long firstStep, long endStep, SpikeBuffer spikes)
    {
        spikes.Clear();
        for (long step = firstStep; step < endStep; step++)
        {
            int count = 0;
            for (int part = 0; part < pool.Counts.Parts; part++)
                count += pool.Counts.Draw((ushort)_counts.Block((uint)part, (ulong)step).X0, _ties, (uint)part, (ulong)step);
            for (int i = 0; i < count; i += 4)
            {
                Philox.Block block = _units.Block((uint)i, (ulong)step);
                for (int k = 0; k < 4 && i + k < count; k++) spikes.Add((int)(((ulong)block[k] * (uint)pool.Size) >> 32));
            }

            spikes.EndStep();
        }
    }
}
