using OxyPlot;
using OxyPlot.SkiaSharp;
using SkiaSharp;

namespace Shunt.Figures;

/// <summary>
/// Draws plots on a Skia canvas, one unit to the point, and sets every label as <see cref="MathText"/>. Geometry is never snapped to pixels, so
/// that all formats have the same layout.
/// </summary>
internal sealed class FigureCanvas : SkiaRenderContext, IRenderContext
{
    private const double CapHeight = 0.70;
    private const double Descent = 0.22;
    private const double LineHeight = 1.2;
    private readonly bool _outlineText;

    /// <summary>Draws on a canvas.</summary>
    /// <param name="canvas">The canvas.</param>
    /// <param name="outlineText">Whether text becomes paths, for formats that would name a font instead of carrying it.</param>
    public FigureCanvas(SKCanvas canvas, bool outlineText)
    {
        SkCanvas = canvas;
        RenderTarget = RenderTarget.VectorGraphic;
        _outlineText = outlineText;
    }

    /// <inheritdoc/>
    OxySize IRenderContext.MeasureText(string text, string? fontFamily, double fontSize, double fontWeight) =>
        Measure(text, fontSize, fontWeight > 500);

    /// <inheritdoc/>
    void IRenderContext.DrawText(
        ScreenPoint p,
        string text,
        OxyColor fill,
        string? fontFamily,
        double fontSize,
        double fontWeight,
        double rotation,
        HorizontalAlignment horizontalAlignment,
        VerticalAlignment verticalAlignment,
        OxySize? maxSize) =>
        Write(p, text, fill, fontSize, fontWeight > 500, rotation, horizontalAlignment, verticalAlignment);

    /// <summary>Size of a label (points).</summary>
    /// <param name="text">Label; lines end with a line feed.</param>
    /// <param name="fontSize">Size (points).</param>
    /// <param name="bold">Whether it is bold.</param>
    public static OxySize Measure(string? text, double fontSize, bool bold = false)
    {
        if (string.IsNullOrEmpty(text)) return new OxySize(0, 0);
        string[] lines = text.Split('\n');
        return new OxySize(lines.Max(l => new MathText(l, fontSize, bold).Width), lines.Length * LineHeight * fontSize);
    }

    /// <summary>Draws a label.</summary>
    /// <param name="at">The point it is aligned to.</param>
    /// <param name="text">Label; lines end with a line feed.</param>
    /// <param name="colour">Colour.</param>
    /// <param name="fontSize">Size (points).</param>
    /// <param name="bold">Whether it is bold.</param>
    /// <param name="rotation">Angle (degrees, clockwise).</param>
    /// <param name="horizontal">Horizontal alignment.</param>
    /// <param name="vertical">Vertical alignment; the middle is that of the capitals and digits.</param>
    public void Write(
        ScreenPoint at,
        string? text,
        OxyColor colour,
        double fontSize,
        bool bold = false,
        double rotation = 0,
        HorizontalAlignment horizontal = HorizontalAlignment.Left,
        VerticalAlignment vertical = VerticalAlignment.Top)
    {
        if (string.IsNullOrEmpty(text)) return;
        MathText[] lines = [.. text.Split('\n').Select(l => new MathText(l, fontSize, bold))];
        double below = (lines.Length - 1) * LineHeight * fontSize;
        double baseline = vertical switch
        {
            VerticalAlignment.Top => (LineHeight - Descent) * fontSize,
            VerticalAlignment.Bottom => (-Descent * fontSize) - below,
            _ => ((CapHeight * fontSize) - below) / 2,
        };

        SkCanvas.Save();
        SkCanvas.Translate((float)at.X, (float)at.Y);
        SkCanvas.RotateDegrees((float)rotation);
        using var paint = new SKPaint { Color = new SKColor(colour.R, colour.G, colour.B, colour.A), IsAntialias = true };
        foreach (MathText line in lines)
        {
            double left = horizontal switch
            {
                HorizontalAlignment.Left => 0,
                HorizontalAlignment.Right => -line.Width,
                _ => -line.Width / 2,
            };
            foreach (TextRun run in line.Runs)
            {
                using SKFont font = Typefaces.Font(run.Typeface, run.Size);
                var origin = new SKPoint((float)(left + run.X), (float)(baseline - run.Rise));
                if (_outlineText)
                {
                    using SKPath path = font.GetTextPath(run.Text, origin);
                    SkCanvas.DrawPath(path, paint);
                }
                else
                {
                    SkCanvas.DrawText(run.Text, origin.X, origin.Y, font, paint);
                }
            }

            baseline += LineHeight * fontSize;
        }

        SkCanvas.Restore();
    }
}
