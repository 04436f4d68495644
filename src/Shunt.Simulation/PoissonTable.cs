using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Shunt.Simulation;

/// <summary>
/// Turns uniform 16-bit numbers into Poisson counts by the alias method (Walker 1977) with 64 columns: the upper 6 bits choose a column, the lower 10 decide between its own
/// count and its alias. When the 10 bits equal the column's cutoff, 32 more decide, so that probabilities are exact to 2^-42 although a count takes 16 bits nearly always.
/// A mean above 16 is a sum of several draws.
/// </summary>
internal sealed class PoissonTable
{
    /// <summary>Columns of a table.</summary>
    internal const int Columns = 64;

    private const int FractionBits = 10, AliasBits = 16;
    private const ushort FractionMask = (1 << FractionBits) - 1;

    /// <summary>Largest mean of one draw.</summary>
    internal const double LargestPart = 16;

    private readonly ulong[] _columns = new ulong[Columns]; // cutoff, the 32 bits that decide a tie, alias
    private readonly ushort[] _cutoff = new ushort[Columns], _alias = new ushort[Columns];
    private readonly byte[] _cutoffLow = new byte[Columns], _cutoffHigh = new byte[Columns], _aliasByte = new byte[Columns]; // the same, by bytes

    /// <param name="mean">Mean count; zero or more, at most 30,000.</param>
    internal PoissonTable(double mean)
    {
        if (!(mean is >= 0 and <= 30_000))
        {
            throw new SimulationException(
                $"an input delivers {mean:G4} spikes per step to a neuron; at most 30,000 can be counted: use a smaller dt");
        }

        Parts = Math.Max(1, (int)Math.Ceiling(mean / LargestPart));
        FillColumns(Probabilities(mean / Parts));
    }

    /// <summary>Draws whose sum is one count.</summary>
    internal int Parts { get; }

    /// <summary>The table, for <see cref="Draw(ulong, ushort, uint)"/>: a column is chosen by <see cref="ColumnOf"/>.</summary>
    internal ReadOnlySpan<ulong> Table => _columns;

    /// <summary>Column that a uniform number chooses.</summary>
    internal static int ColumnOf(ushort number) => number >> FractionBits;

    /// <summary>Whether further bits decide.</summary>
    internal static bool IsTie(ulong column, ushort number) => (uint)(number & FractionMask) == column >> (32 + AliasBits);

    /// <summary>One of the <see cref="Parts"/> of a count, with the bits that decide a tie.</summary>
    /// <param name="column">The column of the number.</param>
    /// <param name="number">Uniform number.</param>
    /// <param name="tie">32 further bits; they count where <see cref="IsTie(ulong, ushort)"/>.</param>
    internal static int Draw(ulong column, ushort number, uint tie) =>
        (((ulong)(number & FractionMask) << 32) | tie) < column >> AliasBits ? ColumnOf(number) : (ushort)column;

    /// <summary>One of the <see cref="Parts"/> of a count.</summary>
    /// <param name="number">Uniform number.</param>
    /// <param name="ties">Gives 32 further bits; rarely asked.</param>
    /// <param name="counter">Counter of those bits.</param>
    /// <param name="entity">Entity of those bits.</param>
    internal int Draw(ushort number, RandomStream ties, uint counter, ulong entity) => Draw(number, IsTie(number) ? ties.Block(counter, entity).X0 : 0);

    /// <inheritdoc cref="Draw(ulong, ushort, uint)"/>
    internal int Draw(ushort number, uint tie) => Draw(_columns[ColumnOf(number)], number, tie);

    /// <inheritdoc cref="IsTie(ulong, ushort)"/>
    internal bool IsTie(ushort number) => IsTie(_columns[ColumnOf(number)], number);

    /// <summary>Probability that a tie goes to the column's own count.</summary>
    internal double TieShare(ushort number) => (uint)(_columns[ColumnOf(number)] >> AliasBits) / 4294967296.0;

    /// <summary>True when the machine looks up 64 columns of 16 bits at once.</summary>
    internal static bool IsWide => Avx512BW.IsSupported;

    /// <summary>32 draws by one permutation per table, where <see cref="IsWide"/>. Bits of <paramref name="ties"/> mark those whose tie is undecided; they are given to the alias.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Vector512<ushort> Draw(Vector512<ushort> numbers, out ulong ties)
    {
        Vector512<ushort> column = numbers >>> FractionBits, fraction = numbers & Vector512.Create(FractionMask);
        Vector512<ushort> cutoff = LookUp(_cutoff, column), alias = LookUp(_alias, column);
        ties = Vector512.Equals(fraction, cutoff).ExtractMostSignificantBits();
        return Vector512.ConditionalSelect(Vector512.LessThan(fraction, cutoff), column, alias);
    }

    /// <summary>16 draws by permutations of bytes; ties as above.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal (Vector128<ushort> Low, Vector128<ushort> High) Draw(Vector128<ushort> low, Vector128<ushort> high, out ulong ties)
    {
        Vector128<ushort> lowColumn = low >>> FractionBits, highColumn = high >>> FractionBits;
        Vector128<byte> column = Vector128.Narrow(lowColumn, highColumn);
        Vector128<byte> i0 = Within(column, 0), i1 = Within(column, 16), i2 = Within(column, 32), i3 = Within(column, 48);
        Vector128<byte> cutoffLow = LookUp(_cutoffLow, i0, i1, i2, i3), cutoffHigh = LookUp(_cutoffHigh, i0, i1, i2, i3), alias = LookUp(_aliasByte, i0, i1, i2, i3);
        Vector128<ushort> first = Choose(low, lowColumn, Vector128.WidenLower(cutoffLow) | (Vector128.WidenLower(cutoffHigh) << 8), Vector128.WidenLower(alias), out Vector128<ushort> firstTies);
        Vector128<ushort> second = Choose(high, highColumn, Vector128.WidenUpper(cutoffLow) | (Vector128.WidenUpper(cutoffHigh) << 8), Vector128.WidenUpper(alias), out Vector128<ushort> secondTies);
        ties = Vector128.Narrow(firstTies, secondTies).ExtractMostSignificantBits();
        return (first, second);
    }

    /// <summary>The count that a tie has been given to by a draw of many.</summary>
    internal int Alias(ushort number) => _alias[ColumnOf(number)];

    private static Vector512<ushort> LookUp(ushort[] table, Vector512<ushort> column) =>
        Avx512BW.PermuteVar32x16x2(Vector512.Create(table), column, Vector512.Create(table, Columns / 2));

    /// <summary>Index into the 16 columns from one on; where the column is another, an index that gives zero. On x86 the highest bit says so, and only the lowest four count.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Within(Vector128<byte> column, byte from)
    {
        Vector128<byte> index = column - Vector128.Create(from);
        return Ssse3.IsSupported ? Vector128.AddSaturate(index, Vector128.Create((byte)0x70)) : index;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> LookUp(byte[] table, Vector128<byte> i0, Vector128<byte> i1, Vector128<byte> i2, Vector128<byte> i3) =>
        LookUp(table, 0, i0) | LookUp(table, 16, i1) | LookUp(table, 32, i2) | LookUp(table, 48, i3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> LookUp(byte[] table, int from, Vector128<byte> index)
    {
        Vector128<byte> part = Vector128.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(table), (nuint)from);
        return Ssse3.IsSupported ? Ssse3.Shuffle(part, index) : Vector128.Shuffle(part, index);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Choose(Vector128<ushort> numbers, Vector128<ushort> column, Vector128<ushort> cutoff, Vector128<ushort> alias, out Vector128<ushort> ties)
    {
        Vector128<short> fraction = (numbers & Vector128.Create(FractionMask)).AsInt16(); // below 2^15, as cutoffs are: signed comparisons are cheaper
        ties = Vector128.Equals(fraction, cutoff.AsInt16()).AsUInt16();
        return Vector128.ConditionalSelect(Vector128.LessThan(fraction, cutoff.AsInt16()).AsUInt16(), column, alias);
    }

    /// <summary>The alias columns of a distribution (Vose 1991): every column holds 1/64 of the probability, shared by its own count and one other.</summary>
    private void FillColumns(double[] probabilities)
    {
        double[] scaled = [.. probabilities.Select(p => p * Columns)];
        var small = new Stack<int>();
        var large = new Stack<int>();
        for (int i = 0; i < Columns; i++) (scaled[i] < 1 ? small : large).Push(i);
        while (small.Count > 0 && large.Count > 0)
        {
            int less = small.Pop(), more = large.Pop();
            SetColumn(less, scaled[less], more);
            scaled[more] -= 1 - scaled[less];
            (scaled[more] < 1 ? small : large).Push(more);
        }

        foreach (int rest in small.Concat(large)) SetColumn(rest, 1, rest);
    }

    private void SetColumn(int column, double share, int alias)
    {
        ulong fixedPoint = (ulong)Math.Round(share * (1ul << (FractionBits + 32)));
        _cutoff[column] = (ushort)(fixedPoint >> 32);
        _columns[column] = (fixedPoint << AliasBits) | (ushort)alias;
        _alias[column] = (ushort)alias;
        (_cutoffLow[column], _cutoffHigh[column], _aliasByte[column]) = ((byte)_cutoff[column], (byte)(_cutoff[column] >> 8), (byte)alias);
    }

    /// <summary>Poisson probabilities of 0 to 63, those below 2^-60 taken as none.</summary>
    private static double[] Probabilities(double mean)
    {
        double[] p = new double[Columns];
        p[0] = Math.Exp(-mean);
        for (int k = 1; k < Columns; k++) p[k] = p[k - 1] * mean / k;
        double sum = p.Where(x => x > 1e-18).Sum();
        return [.. p.Select(x => x > 1e-18 ? x / sum : 0)];
    }
}
