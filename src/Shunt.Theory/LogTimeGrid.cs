namespace Shunt.Theory;

/// <summary>
/// ln T of two classes as a function of the rates of both, interpolated by cubics between the nodes of a grid that are computed when first asked for.
/// A search along nullclines asks tens of thousands of times, nodes are a thousand or two: with it, a transfer function that takes milliseconds can be
/// searched as one that takes microseconds. What it finds is a start for Newton's method with the transfer function itself.
/// </summary>
/// <param name="logTime">ln of the passage time of a class, exactly.</param>
/// <param name="first">One class.</param>
/// <param name="second">The other.</param>
internal sealed class LogTimeGrid(Func<int, double[], double> logTime, int first, int second)
{
    // Nodes are equally spaced in ln(1 + nu/Scale): by 42 percent where rates matter, down to silence.
    private const double Scale = 0.01;
    private const double Spacing = 0.35;
    private const int Points = 4;

    private readonly Dictionary<(int Class, int First, int Second), double> nodes = [];

    /// <summary>ln of the passage time of a class; beside nodes where it has no finite value, it is not interpolated.</summary>
    internal double At(int c, double[] rates)
    {
        Span<double> across = stackalloc double[Points], along = stackalloc double[Points];
        int i = Stencil(rates[first], along), j = Stencil(rates[second], across);
        double sum = 0;
        for (int p = 0; p < Points; p++)
        {
            for (int q = 0; q < Points; q++)
            {
                double value = Node(c, i + p, j + q, rates);
                if (!double.IsFinite(value)) return logTime(c, rates);
                sum += along[p] * across[q] * value;
            }
        }

        return sum;
    }

    // the first of the nodes about a rate, and their weights
    private static int Stencil(double rate, Span<double> weights)
    {
        double at = double.LogP1(rate / Scale) / Spacing;
        int start = Math.Max(0, (int)at - 1);
        for (int p = 0; p < Points; p++)
        {
            weights[p] = 1;
            for (int q = 0; q < Points; q++)
            {
                if (q != p) weights[p] *= (at - start - q) / (p - q);
            }
        }

        return start;
    }

    private double Node(int c, int i, int j, double[] rates)
    {
        if (nodes.TryGetValue((c, i, j), out double known)) return known;
        double[] there = [.. rates];
        (there[first], there[second]) = (RateAt(i), RateAt(j));
        return nodes[(c, i, j)] = logTime(c, there);
    }

    private static double RateAt(int node) => Scale * double.ExpM1(node * Spacing);
}
