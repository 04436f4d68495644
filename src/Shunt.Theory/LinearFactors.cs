namespace Shunt.Theory;

/// <summary>LU factors, with row exchanges, of a small dense matrix: without allocation per solution.</summary>
internal sealed class LinearFactors
{
    private readonly double[,] lu;
    private readonly int[] exchanged;

    /// <summary>Factorises a square matrix in place.</summary>
    internal LinearFactors(double[,] matrix)
    {
        lu = matrix;
        int n = matrix.GetLength(0);
        exchanged = new int[n];
        for (int c = 0; c < n; c++)
        {
            int pivot = c;
            for (int i = c + 1; i < n; i++)
            {
                if (Math.Abs(lu[i, c]) > Math.Abs(lu[pivot, c])) pivot = i;
            }

            exchanged[c] = pivot;
            for (int j = 0; pivot != c && j < n; j++) (lu[c, j], lu[pivot, j]) = (lu[pivot, j], lu[c, j]);
            for (int i = c + 1; i < n; i++)
            {
                double factor = lu[i, c] /= lu[c, c];
                for (int j = c + 1; j < n; j++) lu[i, j] -= factor * lu[c, j];
            }
        }
    }

    /// <summary>Replaces the right-hand side by the solution.</summary>
    internal void Solve(Span<double> x)
    {
        int n = exchanged.Length;
        for (int i = 0; i < n; i++) (x[i], x[exchanged[i]]) = (x[exchanged[i]], x[i]);
        for (int i = 0; i < n; i++)
        {
            for (int j = i + 1; j < n; j++) x[j] -= lu[j, i] * x[i];
        }

        for (int i = n - 1; i >= 0; i--)
        {
            for (int j = i + 1; j < n; j++) x[i] -= lu[i, j] * x[j];
            x[i] /= lu[i, i];
        }
    }
}
