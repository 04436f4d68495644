using OxyPlot;

namespace Shunt.Figures;

/// <summary>Sizes that all figures share (points).</summary>
internal static class Style
{
    public const double TextSize = 8;
    public const double TickSize = 7.5;
    public const double LetterSize = 10;
    public const double SpineWidth = 0.7;
    public const double LineWidth = 1.1;
    public const double MarkerSize = 2.3;

    public static OxyColor Of(Colour colour, double opacity = 1) => OxyColor.FromArgb((byte)Math.Round(255 * opacity), colour.R, colour.G, colour.B);
}
