namespace Shunt.Figures;

/// <summary>A colour.</summary>
/// <param name="R">Red, 0 to 255.</param>
/// <param name="G">Green, 0 to 255.</param>
/// <param name="B">Blue, 0 to 255.</param>
public readonly record struct Colour(byte R, byte G, byte B);

/// <summary>Colours that people with any colour vision can tell apart (Okabe and Ito).</summary>
public static class Palette
{
    /// <summary>Theory.</summary>
    public static Colour Black { get; } = new(0, 0, 0);

    /// <summary>Rules and notes.</summary>
    public static Colour Grey { get; } = new(110, 110, 110);

    /// <summary>Excitatory populations.</summary>
    public static Colour Vermilion { get; } = new(213, 94, 0);

    /// <summary>Inhibitory populations.</summary>
    public static Colour Blue { get; } = new(0, 114, 178);

    private static readonly Colour[] Others = [new(0, 158, 115), new(204, 121, 167), new(230, 159, 0), new(86, 180, 233)];

    /// <summary>Dark to light, of monotonous lightness, for ordered values.</summary>
    private static readonly Colour[] Scale = [new(68, 1, 84), new(59, 82, 139), new(33, 145, 140), new(94, 201, 98), new(222, 200, 40)];

    /// <summary>The colours of populations: E and I always have theirs, the others take turns.</summary>
    /// <param name="names">Names of the populations.</param>
    public static IReadOnlyList<Colour> Of(IEnumerable<string> names)
    {
        int others = 0;
        return [.. names.Select(name => name.ToUpperInvariant() switch
        {
            "E" or "EXC" or "EXCITATORY" => Vermilion,
            "I" or "INH" or "INHIBITORY" => Blue,
            _ => Others[others++ % Others.Length],
        })];
    }

    /// <summary>The colour that a figure file names: one of the eight, or <c>i/n</c> for the i-th of n ordered ones.</summary>
    /// <param name="name">Its name.</param>
    public static Colour Named(string name)
    {
        string[] parts = name.Split('/');
        if (parts.Length == 2 && int.TryParse(parts[0], out int i) && int.TryParse(parts[1], out int n) && i >= 1 && i <= n) return Ordered(n)[i - 1];
        return name switch
        {
            "black" => Black,
            "grey" => Grey,
            "vermilion" => Vermilion,
            "blue" => Blue,
            "green" => Others[0],
            "purple" => Others[1],
            "orange" => Others[2],
            "sky" => Others[3],
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "not a colour of figure files"),
        };
    }

    /// <summary>Colours of ordered values, first to last.</summary>
    /// <param name="count">How many.</param>
    public static IReadOnlyList<Colour> Ordered(int count) => [.. Enumerable.Range(0, count).Select(i =>
    {
        double position = count == 1 ? 0 : (double)i / (count - 1) * (Scale.Length - 1);
        int lower = Math.Min((int)position, Scale.Length - 2);
        double part = position - lower;
        Colour a = Scale[lower], b = Scale[lower + 1];
        return new Colour(Mix(a.R, b.R), Mix(a.G, b.G), Mix(a.B, b.B));

        byte Mix(byte from, byte to) => (byte)Math.Round(from + (part * (to - from)));
    })];
}
