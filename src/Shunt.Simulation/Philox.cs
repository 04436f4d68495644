using System.Numerics;
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
    /// 16-bit numbers from as many consecutive blocks as a vector has 64-bit lanes: the block with counter <paramref name="firstCounter"/> + l gives its words 0 and 1, lower half
    /// first, to elements 4 l to 4 l + 3 of <paramref name="low"/>, and its words 2 and 3 to those of <paramref name="high"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Some(uint firstCounter, ulong entity, out Vector<ushort> low, out Vector<ushort> high)
    {
        Philox.Some(firstCounter, (uint)entity, (uint)(entity >> 32), C3, (uint)Seed, (uint)(Seed >> 32),
            out Vector<ulong> x0, out Vector<ulong> x1, out Vector<ulong> x2, out Vector<ulong> x3);
        Vector<ulong> mask = Vector.Create(0xFFFFFFFFul);
        low = ((x0 & mask) | (x1 << 32)).As<ulong, ushort>();
        high = ((x2 & mask) | (x3 << 32)).As<ulong, ushort>();
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
        Span<ulong> wide = stackalloc ulong[NumbersPerVector];
        for (int at = 0; at < numbers.Length; at += NumbersPerVector, firstCounter += 8)
        {
            for (int l = 0; l < 8; l += Vector<ulong>.Count)
            {
                Some(firstCounter + (uint)l, c1, c2, c3, k0, k1, out Vector<ulong> x0, out Vector<ulong> x1, out Vector<ulong> x2, out Vector<ulong> x3);
                x0.CopyTo(wide[l..]);
                x1.CopyTo(wide[(8 + l)..]);
                x2.CopyTo(wide[(16 + l)..]);
                x3.CopyTo(wide[(24 + l)..]);
            }

            for (int i = 0; i < NumbersPerVector; i += Vector<uint>.Count)
                Vector.Narrow(Vector.Create<ulong>(wide[i..]), Vector.Create<ulong>(wide[(i + Vector<ulong>.Count)..])).CopyTo(numbers[(at + i)..]);
        }
    }

    /// <summary>
    /// As many counters side by side as a vector has 64-bit lanes, each 32-bit word in a lane so that the 32 x 32 -> 64 bit product stays in it. The upper halves of the results hold
    /// leftovers: no operation looks at them.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Some(
        uint firstCounter, uint c1, uint c2, uint c3, uint k0, uint k1, out Vector<ulong> x0, out Vector<ulong> x1, out Vector<ulong> x2, out Vector<ulong> x3)
    {
        Vector<ulong> m0 = Vector.Create((ulong)M0), m1 = Vector.Create((ulong)M1);
        x0 = Vector<ulong>.Indices + Vector.Create((ulong)firstCounter);
        x1 = Vector.Create((ulong)c1);
        x2 = Vector.Create((ulong)c2);
        x3 = Vector.Create((ulong)c3);
        for (int round = 0; round < 10; round++)
        {
            Vector<ulong> p0 = Multiply(x0, m0), p1 = Multiply(x2, m1);
            x0 = (p1 >>> 32) ^ x1 ^ Vector.Create((ulong)k0);
            x1 = p1;
            x2 = (p0 >>> 32) ^ x3 ^ Vector.Create((ulong)k1);
            x3 = p0;
            k0 += W0;
            k1 += W1;
        }
    }

    /// <summary>Product of the low halves of the lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<ulong> Multiply(Vector<ulong> a, Vector<ulong> b)
    {
        if (Avx2.IsSupported && Vector<ulong>.Count == Vector256<ulong>.Count)
            return Avx2.Multiply(a.AsVector256().AsUInt32(), b.AsVector256().AsUInt32()).AsVector();
        if (Avx512F.IsSupported && Vector<ulong>.Count == Vector512<ulong>.Count)
            return Avx512F.Multiply(a.AsVector512().AsUInt32(), b.AsVector512().AsUInt32()).AsVector();
        return (a & Vector.Create(0xFFFFFFFFul)) * (b & Vector.Create(0xFFFFFFFFul));
    }
}
