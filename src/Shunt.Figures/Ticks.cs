using System.Globalization;

namespace Shunt.Figures;

/// <summary>Where an axis has ticks, and what stands at them.</summary>
/// <param name="Major">Ticks with a label.</param>
/// <param name="Labels">Their labels, as markup.</param>
/// <param name="Minor">Ticks without one.</param>
internal sealed record Ticks(IReadOnlyList<double> Major, IReadOnlyList<string> Labels, IReadOnlyList<double> Minor)
{
    private const int MostLabels = 7;
    private static readonly int[] Mantissas = [1, 2, 5];

    /// <summary>Ticks at multiples of 1, 2 or 5 times a power of ten, as many as fit.</summary>
    /// <param name="minimum">Lower end.</param>
    /// <param name="maximum">Upper end, above the lower.</param>
    /// <param name="fits">Whether labels at these values leave room between them.</param>
    public static Ticks Linear(double minimum, double maximum, Func<Ticks, bool> fits)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10((maximum - minimum) / 50)));
        Ticks ticks = At([], 1);
        double previous = 1;
        for (int attempt = 0; attempt < 12; attempt++)
        {
            double step = power * (attempt % 3) switch { 0 => 1, 1 => 2, _ => 5 } * Math.Pow(10, attempt / 3);
            double[] values = Multiples(minimum, maximum, step);
            if (values.Length > 3 * MostLabels) continue;
            if (values.Length < 2 && ticks.Major.Count > 1) return At([ticks.Major[0], ticks.Major[^1]], previous);
            ticks = At(values, step);
            previous = step;
            if (values.Length <= MostLabels && fits(ticks)) break;
        }

        return ticks;
    }

    /// <summary>Ticks at every decade, or at 1, 2 and 5 when there are not two of them.</summary>
    /// <param name="minimum">Lower end, positive.</param>
    /// <param name="maximum">Upper end, above the lower.</param>
    /// <param name="fits">Whether labels at these values leave room between them.</param>
    public static Ticks Logarithmic(double minimum, double maximum, Func<Ticks, bool> fits)
    {
        int first = (int)Math.Floor(Math.Log10(minimum)), last = (int)Math.Ceiling(Math.Log10(maximum));
        int[] decades = [.. Enumerable.Range(first, last - first + 1)];
        double[] minor = Within(decades.SelectMany(k => Enumerable.Range(2, 8).Select(m => m * Math.Pow(10, k))));
        double[] majors = Within(decades.Select(k => Math.Pow(10, k)));
        if (majors.Length < 2)
        {
            double[] steps = Within(decades.SelectMany(k => Mantissas.Select(m => m * Math.Pow(10, k))));
            if (steps.Length < 3) return Linear(minimum, maximum, fits) with { Minor = minor };
            var few = new Ticks(steps, [.. steps.Select(v => Number(v, DecimalsOf(v)))], minor);
            if (fits(few)) return few;
        }

        bool plain = majors.Length > 0 && majors[0] >= 0.0099 && majors[^1] <= 1001;
        for (int stride = 1; ; stride++)
        {
            double[] labelled = [.. majors.Where(v => (int)Math.Round(Math.Log10(v)) % stride == 0)];
            var ticks = new Ticks(labelled, [.. labelled.Select(Label)], [.. majors.Except(labelled), .. stride == 1 ? minor : []]);
            if (labelled.Length < 3 || fits(ticks)) return ticks;
        }

        string Label(double value) => plain ? Number(value, DecimalsOf(value)) : $"$10^{{{(int)Math.Round(Math.Log10(value))}}}$";
        double[] Within(IEnumerable<double> values) => [.. values.Where(v => v >= minimum * (1 - 1e-9) && v <= maximum * (1 + 1e-9))];
    }

    private static Ticks At(double[] values, double step)
    {
        double largest = values.Length == 0 ? 1 : values.Max(Math.Abs);
        int stepPower = (int)Math.Floor(Math.Log10(step) + 1e-9);
        if (largest < 1e5 && stepPower >= -4) return new Ticks(values, [.. values.Select(v => Number(v, Math.Max(0, -stepPower)))], []);

        int power = (int)Math.Floor(Math.Log10(largest) + 1e-9);
        int decimals = Math.Max(0, power - stepPower);
        return new Ticks(
            values,
            [.. values.Select(v => v == 0 ? "0" : $"${Number(v / Math.Pow(10, power), decimals)}\\times10^{{{power}}}$")],
            []);
    }

    private static double[] Multiples(double minimum, double maximum, double step)
    {
        double slack = step * 1e-6;
        double first = Math.Ceiling((minimum - slack) / step), last = Math.Floor((maximum + slack) / step);
        return [.. Enumerable.Range(0, (int)Math.Max(0, last - first + 1)).Select(i => (first + i) * step)];
    }

    private static int DecimalsOf(double value) => Math.Max(0, -(int)Math.Floor(Math.Log10(value) + 1e-9));

    private static string Number(double value, int decimals)
    {
        string text = Math.Abs(value).ToString("F" + decimals, CultureInfo.InvariantCulture);
        return value < 0 && text.Any(c => c is >= '1' and <= '9') ? "−" + text : text;
    }
}
