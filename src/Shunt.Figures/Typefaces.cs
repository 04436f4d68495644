using SkiaSharp;

namespace Shunt.Figures;

/// <summary>The faces a figure is set in. They travel inside the assembly, so a figure looks the same where no font is installed.</summary>
internal static class Typefaces
{
    /// <summary>Text and digits.</summary>
    public static SKTypeface Text { get; } = Embedded("LiberationSans-Regular");

    /// <summary>Panel letters.</summary>
    public static SKTypeface Bold { get; } = Embedded("LiberationSans-Bold");

    /// <summary>Mathematical symbols: Latin and Greek letters.</summary>
    public static SKTypeface Symbols { get; } = Embedded("KaTeX_Math-Italic");

    /// <summary>What the text face lacks, for instance angle brackets.</summary>
    public static SKTypeface Operators { get; } = Embedded("KaTeX_Main-Regular");

    /// <summary>A font that is placed where the layout says: no hinting, so that every format has the same widths.</summary>
    /// <param name="typeface">Face.</param>
    /// <param name="size">Size (points).</param>
    public static SKFont Font(SKTypeface typeface, double size) => new(typeface, (float)size)
    {
        Hinting = SKFontHinting.None,
        Subpixel = true,
        LinearMetrics = true,
        Edging = SKFontEdging.Antialias,
    };

    private static SKTypeface Embedded(string name)
    {
        using Stream stream = typeof(Typefaces).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"the assembly lacks the font '{name}'");
        using var data = SKData.Create(stream);
        return SKTypeface.FromData(data) ?? throw new InvalidOperationException($"the font '{name}' cannot be read");
    }
}
