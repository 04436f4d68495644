using System.Buffers;
using System.Numerics;

namespace Shunt.Theory;

/// <summary>
/// A square matrix whose columns but the last have entries near the diagonal only, and its LU decomposition with partial pivoting: real or complex.
/// Rows are contiguous; a row keeps room for the fill that pivoting makes. Return the memory with <see cref="Dispose"/>.
/// </summary>
/// <typeparam name="T">double or Complex.</typeparam>
internal sealed class BorderedBand<T> : IDisposable
    where T : struct, INumberBase<T>
{
    private readonly int order, lower, upper, width;
    private readonly T[] band;
    private readonly T[] border;
    private readonly int[] pivots;

    /// <summary>A matrix of zeros.</summary>
    /// <param name="order">Rows and columns.</param>
    /// <param name="lower">Largest row minus column of an entry outside the last column.</param>
    /// <param name="upper">Largest column minus row.</param>
    internal BorderedBand(int order, int lower, int upper)
    {
        (this.order, this.lower, this.upper) = (order, Math.Clamp(lower, 0, order - 1), Math.Clamp(upper, 0, order - 1));
        width = 2 * this.lower + this.upper + 1;
        band = ArrayPool<T>.Shared.Rent(order * width);
        band.AsSpan(0, order * width).Clear();
        border = new T[order];
        pivots = new int[order];
    }

    /// <summary>The stretch of a row that begins at a column; the last column is not part of it.</summary>
    internal Span<T> Row(int row, int column, int length) => band.AsSpan(row * width + column - row + lower, length);

    /// <summary>An entry of the last column.</summary>
    internal ref T Border(int row) => ref border[row];

    /// <summary>Decomposes in place.</summary>
    internal void Decompose()
    {
        for (int k = 0; k < order - 1; k++)
        {
            int last = Math.Min(order - 1, k + lower), best = k;
            for (int i = k + 1; i <= last; i++)
            {
                if (Magnitude(At(i, k)) > Magnitude(At(best, k))) best = i;
            }

            pivots[k] = best;
            int length = Math.Min(order - 1, k + lower + upper + 1) - k;
            Span<T> pivotRow = Row(k, k, length);
            if (best != k)
            {
                Span<T> other = Row(best, k, length);
                for (int c = 0; c < length; c++) (pivotRow[c], other[c]) = (other[c], pivotRow[c]);
                (border[k], border[best]) = (border[best], border[k]);
            }

            T inverse = T.One / pivotRow[0];
            for (int i = k + 1; i <= last; i++)
            {
                Span<T> row = Row(i, k, length);
                if (T.IsZero(row[0])) continue;
                T factor = row[0] * inverse;
                row[0] = factor;
                SubtractMultiple(row[1..], factor, pivotRow[1..]);
                border[i] -= factor * border[k];
            }
        }
    }

    /// <summary>Solves A x = b in place, after <see cref="Decompose"/>.</summary>
    internal void Solve(Span<T> x)
    {
        for (int k = 0; k < order - 1; k++)
        {
            (x[k], x[pivots[k]]) = (x[pivots[k]], x[k]);
            int last = Math.Min(order - 1, k + lower);
            for (int i = k + 1; i <= last; i++) x[i] -= At(i, k) * x[k];
        }

        T corner = x[order - 1] / border[order - 1];
        x[order - 1] = corner;
        for (int k = order - 2; k >= 0; k--)
        {
            int length = Math.Min(order - 1, k + lower + upper + 1) - k;
            ReadOnlySpan<T> row = Row(k, k, length);
            T sum = x[k] - border[k] * corner;
            for (int c = 1; c < length; c++) sum -= row[c] * x[k + c];
            x[k] = sum / row[0];
        }
    }

    /// <summary>Solves A^T x = b in place, after <see cref="Decompose"/>.</summary>
    internal void SolveTransposed(Span<T> x)
    {
        T atBorder = x[order - 1];
        for (int k = 0; k < order - 1; k++)
        {
            int length = Math.Min(order - 1, k + lower + upper + 1) - k;
            ReadOnlySpan<T> row = Row(k, k, length);
            x[k] /= row[0];
            SubtractMultiple(x.Slice(k + 1, length - 1), x[k], row[1..]);
            atBorder -= border[k] * x[k];
        }

        x[order - 1] = atBorder / border[order - 1];
        for (int k = order - 2; k >= 0; k--)
        {
            int last = Math.Min(order - 1, k + lower);
            for (int i = k + 1; i <= last; i++) x[k] -= At(i, k) * x[i];
            (x[k], x[pivots[k]]) = (x[pivots[k]], x[k]);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => ArrayPool<T>.Shared.Return(band);

    private ref T At(int row, int column) => ref band[row * width + column - row + lower];

    private static double Magnitude(T x) => x is Complex z ? Math.Abs(z.Real) + Math.Abs(z.Imaginary) : double.CreateChecked(T.Abs(x));

    private static void SubtractMultiple(Span<T> y, T factor, ReadOnlySpan<T> x)
    {
        int i = 0;
        if (Vector<T>.IsSupported)
        {
            var times = new Vector<T>(factor);
            for (; i <= y.Length - Vector<T>.Count; i += Vector<T>.Count)
                (new Vector<T>(y[i..]) - times * new Vector<T>(x[i..])).CopyTo(y[i..]);
        }

        for (; i < y.Length; i++) y[i] -= factor * x[i];
    }
}
