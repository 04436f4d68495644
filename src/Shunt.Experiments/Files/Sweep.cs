using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Shunt.Experiments;

/// <summary>Reads <c>path=start:stop:n[:log][:random] unit</c> and <c>path=value,value,...</c>.</summary>
internal static class Sweep
{
    /// <summary>One axis.</summary>
    /// <param name="text">What was written after <c>--sweep</c>.</param>
    /// <param name="file">The file; its own value at the path lends its unit when the sweep has none.</param>
    /// <param name="drawSeed">Seed of random values; null where they are not allowed.</param>
    /// <exception cref="ExperimentFileException">The text is not a sweep.</exception>
    internal static SweepAxis Parse(string text, ExperimentFile file, ulong? drawSeed = null)
    {
        var place = new Place($"--sweep {text}", 0, 0);
        (string path, string range) = Overrides.Split("--sweep", text);
        ExperimentFileException Wrong(string message) => new([place.Problem(path, message)]);

        if (IsList(range)) return List(path, range, file, Wrong);
        string[] parts = range.Split(':');
        string allowed = drawSeed is null ? "log" : "log, random";
        if (parts.Length < 3)
            throw Wrong($"'{range}' must be start:stop:n, start:stop:n:log, or values with commas between them; for instance 10:50:5 Hz or 10,25,50 Hz");
        string[] tail = parts[^1].Split(' ', 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string trailingUnit = tail.Length > 1 ? tail[1] : "";
        string[] how = [.. parts[3..].Select((word, i) => i == parts.Length - 4 ? tail.ElementAtOrDefault(0) ?? "" : word.Trim())];
        if (how.Except(allowed.Split(", ")).FirstOrDefault() is { } unknown)
            throw Wrong(unknown == "random" ? "random values are for 'shunt sweep'" : $"'{unknown}' is not a choice; allowed: {allowed}");
        bool isLog = how.Contains("log"), isRandom = how.Contains("random");
        string countText = parts.Length > 3 ? parts[2].Trim() : tail.Length > 0 ? tail[0] : "";
        if (!int.TryParse(countText, NumberStyles.None, CultureInfo.InvariantCulture, out int n) || n < 1 || n > MaximumPoints)
            throw Wrong(FormattableString.Invariant($"'{countText}' is not a number of points; must be a whole number from 1 to {MaximumPoints}"));

        (double start, string startUnit) = End(parts[0]);
        (double stop, string stopUnit) = End(parts[1]);
        string unit = new[] { startUnit, stopUnit, trailingUnit }.FirstOrDefault(u => u.Length > 0) ?? file.UnitAt(path);
        if (new[] { startUnit, stopUnit, trailingUnit }.Any(u => u.Length > 0 && u != unit))
            throw Wrong($"'{range}' mixes units; write one unit for the whole sweep");
        if (isLog && (start <= 0 || stop <= 0)) throw Wrong($"'{range}' is logarithmic, so both ends must be above 0");

        bool isWhole = ExperimentKeys.File.ShapeAt(path) is Shape.Integer;
        double[] numbers = [.. Enumerable.Range(0, n).Select(i => Round(At(isRandom ? Uniform(i) : n == 1 ? 0 : i / (double)(n - 1))))];
        if (!isRandom) numbers = [.. numbers.Distinct()];
        return new SweepAxis(path, [.. numbers.Select(x => Text(x, unit))], numbers, unit, isLog) { IsRandom = isRandom };

        (double Value, string Unit) End(string end)
        {
            bool isNumber = Quantity.TrySplit(end, out string number, out string symbol);
            if (isNumber && double.TryParse(number, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value)) return (value, symbol);
            throw Wrong($"'{end.Trim()}' is not a number");
        }

        double At(double fraction) => isLog ? start * Math.Pow(stop / start, fraction) : start + (stop - start) * fraction;

        // a function of seed, path and number alone: more values leave the first ones as they are
        double Uniform(int i) => (BitConverter.ToUInt64(SHA256.HashData(Encoding.UTF8.GetBytes(FormattableString.Invariant($"{drawSeed} {path} {i}")))) >> 11) * (1.0 / (1UL << 53));

        // Twelve digits: 10 times 0.1 is 1, as a reader expects. Counts are whole.
        double Round(double x) => isWhole
            ? Math.Round(x)
            : double.Parse(x.ToString("G12", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
    }

    private static bool IsList(string range) => range.Contains(',', StringComparison.Ordinal) && range.AsSpan().IndexOfAny("[{") < 0;

    // numbers may share the unit of the last, or of the file; anything else is taken word for word
    private static SweepAxis List(string path, string range, ExperimentFile file, Func<string, ExperimentFileException> wrong)
    {
        string[] values = range.Split(',', StringSplitOptions.TrimEntries);
        if (values.Any(v => v.Length == 0)) throw wrong($"'{range}' has an empty value");
        if (values.Distinct(StringComparer.Ordinal).Count() < values.Length) throw wrong($"'{range}' has a value twice");
        if (values.Length > MaximumPoints) throw wrong(FormattableString.Invariant($"{values.Length} values; at most {MaximumPoints}"));
        var numbers = new double[values.Length];
        var units = new string[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            bool isNumber = Quantity.TrySplit(values[i], out string number, out units[i])
                && double.TryParse(number, CultureInfo.InvariantCulture, out numbers[i]) && double.IsFinite(numbers[i]);
            if (!isNumber) return new SweepAxis(path, values, [.. values.Select((_, k) => k + 1.0)], "", false) { IsNumeric = false };
        }

        string[] written = [.. units.Where(u => u.Length > 0).Distinct(StringComparer.Ordinal)];
        if (written.Length > 1) throw wrong($"'{range}' mixes units; write one unit for the whole sweep");
        string unit = written.Length == 1 ? written[0] : file.UnitAt(path);
        return new SweepAxis(path, [.. numbers.Select(x => Text(x, unit))], numbers, unit, false);
    }

    /// <summary>Checks that no axis sets what another varies.</summary>
    /// <exception cref="ExperimentFileException">A path is swept twice, or together with a part of it.</exception>
    internal static void CheckIndependence(IReadOnlyList<SweepAxis> axes)
    {
        for (int i = 0; i < axes.Count; i++)
        {
            string path = axes[i].Path;
            if (axes.Take(i).FirstOrDefault(a => IsWithin(path, a.Path) || IsWithin(a.Path, path)) is not { } other) continue;
            throw new ExperimentFileException([new Place("--sweep", 0, 0).Problem(
                path,
                path == other.Path
                    ? "is swept twice; one axis per value"
                    : $"cannot be swept together with {other.Path}: one is part of the other")]);
        }
    }

    private static bool IsWithin(string path, string whole) =>
        path.StartsWith(whole, StringComparison.Ordinal) && (path.Length == whole.Length || path[whole.Length] is '.' or '[');

    private const int MaximumPoints = 100_000;

    private static string Text(double x, string unit) => unit.Length == 0 ? Quantity.Format(x, "") : $"{Quantity.Format(x, "")} {unit}";
}
