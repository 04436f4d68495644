using System.Globalization;

namespace Shunt.Figures;

/// <summary>Writes numbers with the digits they deserve.</summary>
public static class Significance
{
    /// <summary>What stands for a number that is not known.</summary>
    public const string Missing = "–";

    private const int DigitsOfError = 2;
    private const int MostDecimals = 12;

    /// <summary>A number to so many significant digits; powers of ten outside 1e-4 to 1e6.</summary>
    /// <param name="value">The number.</param>
    /// <param name="digits">Significant digits.</param>
    public static string Number(double value, int digits = 4)
    {
        if (double.IsNaN(value)) return Missing;
        if (double.IsInfinity(value)) return value > 0 ? "∞" : "−∞";
        if (value == 0) return "0";
        int power = PowerOf(value, digits);
        return power is < -4 or >= 6 ? Scientific(value, digits) : Fixed(value, Math.Max(0, digits - 1 - power));
    }

    /// <summary>
    /// A measurement with its standard error: the error to two significant digits, the value to the same decimal place. Without an error the
    /// value stands alone, to four digits.
    /// </summary>
    /// <param name="value">The value.</param>
    /// <param name="error">Its standard error; NaN or 0 when there is none.</param>
    public static string WithError(double value, double error)
    {
        if (!double.IsFinite(value) || !(error > 0) || !double.IsFinite(error)) return Number(value);
        int decimals = DecimalsOf(error);
        int power = Math.Max(PowerOf(value, DigitsOfError), PowerOf(error, DigitsOfError));
        if (decimals <= MostDecimals && power is >= -4 and < 6)
            return $"{Fixed(value, Math.Max(0, decimals))} ± {Fixed(error, Math.Max(0, decimals))}";
        double unit = Math.Pow(10, power);
        int places = Math.Max(0, DecimalsOf(error / unit));
        return $"({Fixed(value / unit, places)} ± {Fixed(error / unit, places)}) × 10{Superscript(power)}";
    }

    /// <summary>A prediction beside a measurement: as many decimals as the measurement shows, but four significant digits at least.</summary>
    /// <param name="value">The prediction.</param>
    /// <param name="error">Standard error of the measurement; NaN or 0 when there is none.</param>
    public static string Beside(double value, double error)
    {
        if (!double.IsFinite(value) || !(error > 0) || !double.IsFinite(error) || value == 0) return Number(value);
        int power = PowerOf(value, 4);
        return power is < -4 or >= 6 ? Number(value) : Fixed(value, Math.Min(MostDecimals, Math.Max(3 - power, Math.Max(0, DecimalsOf(error)))));
    }

    /// <summary>A difference, with its sign.</summary>
    /// <param name="value">The difference.</param>
    /// <param name="decimals">Decimals below 100; above, the difference is written whole.</param>
    public static string WithSign(double value, int decimals)
    {
        if (!double.IsFinite(value)) return Missing;
        string text = Math.Abs(value) >= 1e5 ? Scientific(value, 2) : Fixed(value, Math.Abs(value) >= 100 ? 0 : decimals);
        return value > 0 && text.Any(c => c is >= '1' and <= '9') ? "+" + text : text;
    }

    /// <summary>A count with thin spaces between groups of three digits.</summary>
    /// <param name="value">The count.</param>
    public static string Count(long value) => value.ToString("#,0", CultureInfo.InvariantCulture).Replace(",", "\u202f", StringComparison.Ordinal);

    /// <summary>Decimals at which an error has its digits; negative when it is a hundred or more.</summary>
    private static int DecimalsOf(double error) => DigitsOfError - 1 - PowerOf(error, DigitsOfError);

    /// <summary>Power of ten of the first digit after rounding: 0.999 to two digits is 1.0.</summary>
    private static int PowerOf(double value, int digits)
    {
        if (value == 0) return 0;
        string text = Math.Abs(value).ToString("E" + (digits - 1), CultureInfo.InvariantCulture);
        return int.Parse(text[(text.IndexOf('E', StringComparison.Ordinal) + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
    }

    private static string Scientific(double value, int digits)
    {
        int power = PowerOf(value, digits);
        return $"{Fixed(value / Math.Pow(10, power), digits - 1)} × 10{Superscript(power)}";
    }

    private static string Fixed(double value, int decimals)
    {
        string text = Math.Abs(value).ToString("F" + decimals, CultureInfo.InvariantCulture);
        return value < 0 && text.Any(c => c is >= '1' and <= '9') ? "−" + text : text;
    }

    private static string Superscript(int power) =>
        string.Concat(power.ToString(CultureInfo.InvariantCulture).Select(c => c == '-' ? '⁻' : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c - '0']));
}
