using System.Globalization;
using System.Text.RegularExpressions;

namespace Shunt.Experiments;

/// <summary>What a number in a file measures.</summary>
internal enum Dimension
{
    /// <summary>A plain number.</summary>
    None,

    /// <summary>A time; internally in s.</summary>
    Time,

    /// <summary>A voltage; internally in mV.</summary>
    Voltage,

    /// <summary>A rate; internally in Hz.</summary>
    Rate,
}

/// <summary>
/// Numbers with units. Powers of ten are moved as text, never multiplied, so <c>0.05 ms</c> becomes the double nearest to 5e-5 and is written back
/// as <c>0.05 ms</c>: a file that was read and written gives the same bits.
/// </summary>
internal static partial class Quantity
{
    private static readonly Unit[] Units =
    [
        new(Dimension.Time, "s", 0),
        new(Dimension.Time, "ms", -3),
        new(Dimension.Time, "us", -6),
        new(Dimension.Time, "\u00b5s", -6, IsAlias: true),
        new(Dimension.Time, "\u03bcs", -6, IsAlias: true),
        new(Dimension.Time, "min", 0, Multiplier: 60),
        new(Dimension.Voltage, "mV", 0),
        new(Dimension.Voltage, "V", 3),
        new(Dimension.Voltage, "uV", -3),
        new(Dimension.Voltage, "\u00b5V", -3, IsAlias: true),
        new(Dimension.Voltage, "\u03bcV", -3, IsAlias: true),
        new(Dimension.Rate, "Hz", 0),
        new(Dimension.Rate, "kHz", 3),
        new(Dimension.Rate, "spk/s", 0),
        new(Dimension.Rate, "1/s", 0),
    ];

    /// <summary>Symbols of a dimension as messages list them.</summary>
    internal static string Symbols(Dimension dimension) =>
        string.Join(", ", Units.Where(u => u.Dimension == dimension && !u.IsAlias).Select(u => u.Symbol));

    /// <summary>Every symbol of a dimension, other spellings of micro included.</summary>
    internal static IEnumerable<string> AllSymbols(Dimension dimension) => Units.Where(u => u.Dimension == dimension).Select(u => u.Symbol);

    /// <summary>Name of a dimension with its article: <c>a time</c>.</summary>
    internal static string Name(Dimension dimension) => dimension switch
    {
        Dimension.Time => "a time",
        Dimension.Voltage => "a voltage",
        Dimension.Rate => "a rate",
        _ => "a plain number",
    };

    /// <summary>
    /// Splits <c>20 ms</c> into number and unit; the unit may be empty. White space must stand before a unit that begins with a digit, for
    /// <c>251/s</c> has no meaning of its own. False when the text is no number with or without a unit.
    /// </summary>
    internal static bool TrySplit(string text, out string number, out string unit)
    {
        Match match = NumberAndUnit().Match(text);
        number = match.Groups[1].Value.Replace("_", "", StringComparison.Ordinal);
        unit = match.Groups[2].Value + match.Groups[3].Value;
        return match.Success;
    }

    /// <summary>Reads a quantity into internal units (s, mV, Hz).</summary>
    /// <param name="text">For instance <c>20 ms</c>.</param>
    /// <param name="dimension">What it must measure.</param>
    /// <param name="value">The value in internal units.</param>
    /// <param name="problem">What is wrong with it.</param>
    internal static bool TryParse(string text, Dimension dimension, out double value, out string problem)
    {
        value = double.NaN;
        problem = "";
        if (!TrySplit(text, out string number, out string symbol))
        {
            problem = dimension == Dimension.None
                ? $"'{text}' is not a number"
                : $"'{text}' is not a number with a unit; {Name(dimension)} needs one of {Symbols(dimension)}"
                  + (dimension == Dimension.Rate && text.Contains("/s", StringComparison.Ordinal)
                      ? "; 25 per second is 25 Hz or, with a space, 25 1/s"
                      : "");
            return false;
        }

        if (dimension == Dimension.None)
        {
            if (symbol.Length > 0) problem = $"'{text}' has a unit, but this is a plain number";
            else value = ParseShifted(number, 0);
            return problem.Length == 0;
        }

        if (symbol.Length == 0)
        {
            problem = $"'{text}' has no unit; {Name(dimension)} needs one of {Symbols(dimension)}";
            return false;
        }

        Unit? unit = Array.Find(Units, u => u.Symbol == symbol && u.Dimension == dimension);
        if (unit is null)
        {
            problem = $"unknown unit '{symbol}' in '{text}'; {Name(dimension)} needs one of {Symbols(dimension)}";
            return false;
        }

        value = ParseShifted(number, unit.Exponent) * unit.Multiplier;
        return true;
    }

    /// <summary>Writes a value in internal units with the given symbol; reading it back gives the same double.</summary>
    internal static string Format(double value, string symbol)
    {
        if (symbol.Length == 0) return FormatShifted(value, 0);
        Unit unit = Array.Find(Units, u => u.Symbol == symbol)!;
        return $"{FormatShifted(value, -unit.Exponent)} {symbol}";
    }

    private static double ParseShifted(string number, int shift)
    {
        if (number.EndsWith("inf", StringComparison.Ordinal))
            return number[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
        string[] parts = number.Split('e', 'E');
        int exponent = parts.Length > 1 && int.TryParse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int e) ? e : 0;
        return double.Parse(FormattableString.Invariant($"{parts[0]}E{exponent + shift}"), CultureInfo.InvariantCulture);
    }

    private static string FormatShifted(double value, int shift)
    {
        if (double.IsInfinity(value)) return value > 0 ? "inf" : "-inf";
        if (value == 0) return "0";
        string[] parts = Math.Abs(value).ToString("E16", CultureInfo.InvariantCulture).Split('E');
        string shortest = Math.Abs(value).ToString("R", CultureInfo.InvariantCulture).Split('E')[0];
        string digits = shortest.Replace(".", "", StringComparison.Ordinal).TrimStart('0').TrimEnd('0');
        int point = int.Parse(parts[1], CultureInfo.InvariantCulture) + shift + 1; // digits before the decimal point
        string sign = value < 0 ? "-" : "";
        if (point is < -4 or > 15)
        {
            string fraction = digits.Length > 1 ? "." + digits[1..] : "";
            return FormattableString.Invariant($"{sign}{digits[0]}{fraction}e{point - 1}");
        }

        if (point <= 0) return $"{sign}0.{new string('0', -point)}{digits}";
        return digits.Length <= point ? $"{sign}{digits.PadRight(point, '0')}" : $"{sign}{digits[..point]}.{digits[point..]}";
    }

    [GeneratedRegex(@"^\s*([+-]?(?:(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?|\.?inf))(?:\s*([A-Za-z\u00b5\u03bc%][^\s]*)|\s+(1[^\s]*))?\s*$")]
    private static partial Regex NumberAndUnit();

    private sealed record Unit(Dimension Dimension, string Symbol, int Exponent, double Multiplier = 1, bool IsAlias = false);
}
