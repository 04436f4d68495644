using MathNet.Numerics.Integration;

namespace Shunt.Theory;

/// <summary>
/// A fixed Gauss-Legendre rule. The integrands of the theory are analytic, so a fixed rule on well chosen panels beats an adaptive one.
/// </summary>
internal sealed class Quadrature
{
    private readonly double[] nodes;
    private readonly double[] weights;

    private Quadrature(int order)
    {
        var rule = new GaussLegendreRule(-1, 1, order);
        nodes = rule.Abscissas;
        weights = rule.Weights;
    }

    /// <summary>Where the rule on [-1, 1] evaluates.</summary>
    internal ReadOnlySpan<double> Nodes => nodes;

    /// <summary>Weights on [-1, 1].</summary>
    internal ReadOnlySpan<double> Weights => weights;

    /// <summary>6 points: where the exponent of an integrand changes by a fraction of 1.</summary>
    internal static Quadrature Short { get; } = new(6);

    /// <summary>12 points: short intervals.</summary>
    internal static Quadrature Coarse { get; } = new(12);

    /// <summary>20 points: panels over which an integrand falls by e^-30 at most.</summary>
    internal static Quadrature Fine { get; } = new(20);

    /// <summary>int_a^b f(x) dx on one panel.</summary>
    internal double Integrate(Func<double, double> f, double a, double b)
    {
        double half = 0.5 * (b - a), middle = 0.5 * (a + b), sum = 0;
        for (int i = 0; i < nodes.Length; i++) sum += weights[i] * f(middle + half * nodes[i]);
        return half * sum;
    }

    /// <summary>int_a^b f(x) dx on equal panels.</summary>
    internal double Integrate(Func<double, double> f, double a, double b, int panels)
    {
        double width = (b - a) / panels, sum = 0;
        for (int i = 0; i < panels; i++) sum += Integrate(f, a + i * width, a + (i + 1) * width);
        return sum;
    }
}
