using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using MathNet.Numerics.Integration;

namespace Shunt.Theory;

/// <summary>
/// Polynomials through 16 Gauss-Legendre nodes on [-1, 1]: integrals up to every node, derivatives, values at the ends, and the size of the
/// highest Legendre coefficients, which tells whether a function is resolved.
/// </summary>
internal sealed class CollocationRule
{
    internal const int Count = 16;

    private readonly double[] nodes;
    private readonly double[] weights;
    private readonly double[] integration = new double[Count * Count]; // by column: what node j adds to the integral up to every node
    private readonly double[] highest = new double[Count];
    private readonly double[] second = new double[Count];

    private CollocationRule()
    {
        var rule = new GaussLegendreRule(-1, 1, Count);
        (nodes, weights) = (rule.Abscissas, rule.Weights);
        double[][] p = [.. nodes.Select(x => Legendre(x, Count))];
        for (int j = 0; j < Count; j++)
        {
            for (int k = 0; k < Count; k++)
            {
                double coefficient = (k + 0.5) * weights[j] * p[j][k]; // of P_k in the polynomial that is 1 at node j and 0 at the others
                Right[j] += coefficient;
                for (int i = 0; i < Count; i++)
                {
                    integration[j * Count + i] += coefficient * (k == 0 ? nodes[i] + 1 : (p[i][k + 1] - p[i][k - 1]) / (2 * k + 1));
                    double derivative = k == 0 ? 0 : k * (p[i][k - 1] - nodes[i] * p[i][k]) / ((1 - nodes[i]) * (1 + nodes[i])); // of P_k
                    Differentiation[i, j] += coefficient * derivative;
                }

                if (k == Count - 1) highest[j] = coefficient;
                if (k == Count - 2) second[j] = coefficient;
            }
        }
    }

    internal static CollocationRule Instance { get; } = new();

    /// <summary>The nodes, increasing.</summary>
    internal ReadOnlySpan<double> Nodes => nodes;

    /// <summary>Derivative at node i by value at node j.</summary>
    internal double[,] Differentiation { get; } = new double[Count, Count];

    /// <summary>Value at +1 by value at each node.</summary>
    internal double[] Right { get; } = new double[Count];

    /// <summary>Integrals from -1 to every node.</summary>
    internal void Integrate(ReadOnlySpan<double> f, Span<double> integrals)
    {
        ReadOnlySpan<Vector256<double>> columns = MemoryMarshal.Cast<double, Vector256<double>>(integration);
        Vector256<double> a = default, b = default, c = default, d = default;
        for (int j = 0; j < Count; j++)
        {
            Vector256<double> value = Vector256.Create(f[j]);
            a += columns[4 * j] * value;
            b += columns[4 * j + 1] * value;
            c += columns[4 * j + 2] * value;
            d += columns[4 * j + 3] * value;
        }

        a.CopyTo(integrals);
        b.CopyTo(integrals[4..]);
        c.CopyTo(integrals[8..]);
        d.CopyTo(integrals[12..]);
    }

    /// <summary>Integral over [-1, 1].</summary>
    internal double Integral(ReadOnlySpan<double> f) => Dot(weights, f);

    /// <summary>Size of the two highest Legendre coefficients.</summary>
    internal double Unresolved(ReadOnlySpan<double> f) => Math.Abs(Dot(highest, f)) + Math.Abs(Dot(second, f));

    internal static double Dot(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        ReadOnlySpan<Vector256<double>> p = MemoryMarshal.Cast<double, Vector256<double>>(x), q = MemoryMarshal.Cast<double, Vector256<double>>(y);
        return Vector256.Sum(p[0] * q[0] + p[1] * q[1] + (p[2] * q[2] + p[3] * q[3]));
    }

    private static double[] Legendre(double x, int degree)
    {
        var p = new double[degree + 1];
        (p[0], p[1]) = (1, x);
        for (int k = 1; k < degree; k++) p[k + 1] = ((2 * k + 1) * x * p[k] - k * p[k - 1]) / (k + 1);
        return p;
    }
}
