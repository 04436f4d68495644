using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Shunt.Simulation;

/// <summary>What a random number is for. Part of its identity: two purposes never share a number.</summary>
internal enum RandomPurpose : uint
{
    InitialPotential = 1,
    InDegree = 2,
    Source = 3,
    Delay = 4,
    PoissonInput = 5,
    PoolCount = 6,
    PoolUnit = 7,
    PoissonTie = 8,
    Wiring = 9,
    OutDegree = 10,
    ArrivalInterval = 11,
    PoolInterval = 12,
}

/// <summary>
/// The stream of random numbers that belongs to one purpose and one projection or population. Counter-based (Philox4x32-10, Salmon et al., SC11): every
/// number is a function of (seed, purpose, stream, entity, counter), so results do not depend on who draws first.
/// </summary>
/// <param name="Seed">The run's seed.</param>
/// <param name="Purpose">What the numbers are for.</param>
/// <param name="Stream">Index of the projection, population or input.</param>
internal readonly record struct RandomStream(ulong Seed, RandomPurpose Purpose, uint Stream)
{
    private uint C3 => ((uint)Purpose << 24) | Stream;

    /// <summary>Four numbers.</summary>
    internal Philox.Block Block(uint counter, ulong entity) =>
        Philox.Round10(counter, (uint)entity, (uint)(entity >> 32), C3, (uint)Seed, (uint)(Seed >> 32));

    /// <summary>
    /// Fills a span with consecutive blocks: in every 32 numbers, number 8 w + l is word w of the block with counter <paramref name="firstCounter"/> + l (+ 8 for each
    /// further 32). The length must be a multiple of 32.
    /// </summary>
    internal void Fill(Span<uint> numbers, uint firstCounter, ulong entity) =>
        Philox.Fill(numbers, firstCounter, (uint)entity, (uint)(entity >> 32), C3, (uint)Seed, (uint)(Seed >> 32));

    /// <summary>
    /// 64 numbers of 16 bits from eight consecutive blocks: the block with counter <paramref name="firstCounter"/> + l gives its words 0 and 1, lower half first, to
    /// elements 4 l to 4 l + 3 of <paramref name="low"/>, and its words 2 and 3 to those of <paramref name="high"/>.
    /// </summary>
    internal void Eight(uint firstCounter, ulong entity, out Vector512<ushort> low, out Vector512<ushort> high)
    {
        Philox.Eight(firstCounter, (uint)entity, (uint)(entity >> 32), C3, (uint)Seed, (uint)(Seed >> 32),
            out Vector512<ulong> x0, out Vector512<ulong> x1, out Vector512<ulong> x2, out Vector512<ulong> x3);
        Vector512<ulong> mask = Vector512.Create(0xFFFFFFFFul);
        low = ((x0 & mask) | (x1 << 32)).AsUInt16();
        high = ((x2 & mask) | (x3 << 32)).AsUInt16();
    }
}

/// <summary>Philox4x32-10.</summary>
internal static class Philox
{
    internal const int NumbersPerVector = 32;
    private const uint M0 = 0xD2511F53, M1 = 0xCD9E8D57, W0 = 0x9E3779B9, W1 = 0xBB67AE85;

    internal readonly record struct Block(uint X0, uint X1, uint X2, uint X3)
    {
        internal uint this[int word] => word switch { 0 => X0, 1 => X1, 2 => X2, _ => X3 };
    }

    internal static Block Round10(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1)
    {
        for (int round = 0; round < 10; round++)
        {
            ulong p0 = (ulong)M0 * c0, p1 = (ulong)M1 * c2;
            (c0, c1, c2, c3) = ((uint)(p1 >> 32) ^ c1 ^ k0, (uint)p1, (uint)(p0 >> 32) ^ c3 ^ k1, (uint)p0);
            k0 += W0;
            k1 += W1;
        }

        return new Block(c0, c1, c2, c3);
    }

    internal static void Fill(Span<uint> numbers, uint firstCounter, uint c1, uint c2, uint c3, uint k0, uint k1)
    {
        for (int at = 0; at < numbers.Length; at += NumbersPerVector, firstCounter += 8)
        {
            Eight(firstCounter, c1, c2, c3, k0, k1, out Vector512<ulong> x0, out Vector512<ulong> x1, out Vector512<ulong> x2, out Vector512<ulong> x3);
            Span<uint> block = numbers.Slice(at, NumbersPerVector);
            Narrow(x0).CopyTo(block);
            Narrow(x1).CopyTo(block[8..]);
            Narrow(x2).CopyTo(block[16..]);
            Narrow(x3).CopyTo(block[24..]);
        }
    }

    /// <summary>
    /// Eight counters side by side, each 32-bit word in a 64-bit lane so that the 32 x 32 -> 64 bit product stays in its lane. The upper halves of the results hold
    /// leftovers: no operation looks at them.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Eight(
        uint firstCounter, uint c1, uint c2, uint c3, uint k0, uint k1,
        out Vector512<ulong> x0, out Vector512<ulong> x1, out Vector512<ulong> x2, out Vector512<ulong> x3)
    {
        Vector512<ulong> m0 = Vector512.Create((ulong)M0), m1 = Vector512.Create((ulong)M1);
        x0 = Vector512.Create(0ul, 1, 2, 3, 4, 5, 6, 7) + Vector512.Create((ulong)firstCounter);
        x1 = Vector512.Create((ulong)c1);
        x2 = Vector512.Create((ulong)c2);
        x3 = Vector512.Create((ulong)c3);
        for (int round = 0; round < 10; round++)
        {
            Vector512<ulong> p0 = Multiply(x0, m0), p1 = Multiply(x2, m1);
            x0 = (p1 >>> 32) ^ x1 ^ Vector512.Create((ulong)k0);
            x1 = p1;
            x2 = (p0 >>> 32) ^ x3 ^ Vector512.Create((ulong)k1);
            x3 = p0;
            k0 += W0;
            k1 += W1;
        }
    }

    /// <summary>Product of the low halves of the lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Multiply(Vector512<ulong> a, Vector512<ulong> b)
    {
        if (Avx512F.IsSupported) return Avx512F.Multiply(a.AsUInt32(), b.AsUInt32());
        if (!Avx2.IsSupported) return (a & Vector512.Create(0xFFFFFFFFul)) * (b & Vector512.Create(0xFFFFFFFFul));
        return Vector512.Create(
            Avx2.Multiply(a.GetLower().AsUInt32(), b.GetLower().AsUInt32()), Avx2.Multiply(a.GetUpper().AsUInt32(), b.GetUpper().AsUInt32()));
    }

    private static Vector256<uint> Narrow(Vector512<ulong> x) => Vector256.Narrow(x.GetLower() & Vector256.Create(0xFFFFFFFFul), x.GetUpper() & Vector256.Create(0xFFFFFFFFul));
}
