using System.Security;
using System.Text;
using SkiaSharp;

namespace Shunt.Figures;

/// <summary>A piece of a label in one face and size.</summary>
/// <param name="Text">Characters.</param>
/// <param name="Typeface">Face.</param>
/// <param name="Size">Size (points).</param>
/// <param name="X">Left edge (points from the label's left edge).</param>
/// <param name="Rise">Height of its baseline above the label's (points).</param>
internal sealed record TextRun(string Text, SKTypeface Typeface, double Size, double X, double Rise)
{
    /// <summary>Whether it is an operator with space on both sides.</summary>
    public bool IsBinary { get; init; }
}

/// <summary>
/// A label set in type. Between dollar signs stands a little TeX: letters are italic symbols, <c>\nu</c> and the like are Greek, <c>_</c> and
/// <c>^</c> take one character or a group in braces, <c>\mathrm{th}</c> is upright, <c>-</c> is a minus sign and blanks are ignored.
/// A dollar sign without a partner, or written <c>\$</c>, is itself.
/// </summary>
internal sealed class MathText
{
    /// <summary>The symbol face has smaller letters than the text face; this evens them out.</summary>
    private const double SymbolScale = 1.13;
    private const double BinarySpace = 0.18;
    private const double ScriptScale = 0.72;
    private const double SubscriptDrop = 0.20;
    private const double SuperscriptRise = 0.38;

    private const string Names = """
        alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ iota ι kappa κ lambda λ mu μ nu ν xi ξ pi π rho ρ sigma σ tau τ
        phi ϕ varphi φ chi χ psi ψ omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ Sigma Σ Phi Φ Psi Ψ Omega Ω
        langle ⟨ rangle ⟩ times × cdot · pm ± infty ∞ approx ≈ leq ≤ geq ≥ sqrt √ partial ∂ to → % % $ $
        """;

    private static readonly Dictionary<string, string> Commands = Names.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
        .Chunk(2).Append([",", "\u2009"]).Append([" ", " "]).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);

    private readonly List<TextRun> _runs = [];
    private double _pen;
    private double _lean;

    /// <summary>Sets a label.</summary>
    /// <param name="markup">The label.</param>
    /// <param name="size">Size (points).</param>
    /// <param name="bold">Whether text outside the dollar signs is bold.</param>
    public MathText(string markup, double size, bool bold = false)
    {
        Size = size;
        SKTypeface face = bold ? Typefaces.Bold : Typefaces.Text;
        foreach ((string part, bool isMath) in Split(markup))
        {
            if (isMath) SetMath(part, size, 0);
            else Set(part, face, size, 0);
        }
    }

    /// <summary>Size of the label's text (points).</summary>
    public double Size { get; }

    /// <summary>Width (points).</summary>
    public double Width => _pen;

    /// <summary>The pieces, left to right.</summary>
    public IReadOnlyList<TextRun> Runs => _runs;

    /// <summary>Makes text that came from a user mean itself.</summary>
    /// <param name="text">Any text.</param>
    public static string Escape(string text) => text.Replace("$", "\\$", StringComparison.Ordinal);

    /// <summary>The label without markup, for alternative text. Subscripts join what they belong to, a superscript keeps its <c>^</c>: 10^6 is not 106.</summary>
    /// <param name="markup">The label.</param>
    public static string Plain(string markup)
    {
        var text = new StringBuilder();
        bool wasRaised = false;
        foreach (TextRun run in new MathText(markup, 10).Runs)
        {
            bool isRaised = run.Rise > 0;
            if (isRaised && !wasRaised) text.Append('^');
            text.Append(run.Text);
            wasRaised = isRaised;
        }
        return text.ToString();
    }

    /// <summary>The label as HTML.</summary>
    /// <param name="markup">The label.</param>
    public static string Html(string markup) => string.Concat(new MathText(markup, 10).Runs.Select(run =>
    {
        string text = SecurityElement.Escape(run.Text);
        if (run.IsBinary) text = $" {text} ";
        if (run.Typeface == Typefaces.Symbols) text = $"<i>{text}</i>";
        return run.Rise < 0 ? $"<sub>{text}</sub>" : run.Rise > 0 ? $"<sup>{text}</sup>" : text;
    })).Replace("</sub><sub>", "", StringComparison.Ordinal).Replace("</sup><sup>", "", StringComparison.Ordinal);

    private static List<(string Part, bool IsMath)> Split(string markup)
    {
        var parts = new List<(string, bool)>();
        var text = new StringBuilder();
        for (int i = 0; i < markup.Length; i++)
        {
            if (markup[i] == '\\' && i + 1 < markup.Length && markup[i + 1] == '$')
            {
                text.Append('$');
                i++;
            }
            else if (markup[i] == '$' && markup.IndexOf('$', i + 1) is var end and > 0)
            {
                if (text.Length > 0) parts.Add((text.ToString(), false));
                text.Clear();
                parts.Add((markup[(i + 1)..end], true));
                i = end;
            }
            else
            {
                text.Append(markup[i]);
            }
        }

        if (text.Length > 0) parts.Add((text.ToString(), false));
        return parts;
    }

    private void SetMath(string math, double size, double rise)
    {
        int i = 0;
        while (i < math.Length)
        {
            switch (math[i])
            {
                case ' ':
                    i++;
                    break;
                case '_' or '^':
                    SetScripts(math, ref i, size, rise);
                    break;
                case '{':
                    SetMath(Group(math, ref i), size, rise);
                    break;
                case '\\':
                    SetCommand(math, ref i, size, rise);
                    break;
                case '+' or '-' or '=' or '<' or '>' when HasOperandBefore(math, i):
                    SetBinary(math[i++].ToString(), size, rise);
                    break;
                default:
                    SetSymbol(math[i++].ToString(), size, rise);
                    break;
            }
        }
    }

    /// <summary>A sign after a symbol, digit or closing bracket stands between two terms; otherwise it belongs to the number behind it.</summary>
    private static bool HasOperandBefore(string math, int i)
    {
        int before = i - 1;
        while (before >= 0 && math[before] == ' ') before--;
        return before >= 0 && (char.IsLetterOrDigit(math[before]) || math[before] is ')' or '}' or ']');
    }

    private void SetBinary(string symbol, double size, double rise)
    {
        _pen += BinarySpace * size;
        SetSymbol(symbol, size, rise);
        _runs[^1] = _runs[^1] with { IsBinary = true };
        _pen += BinarySpace * size;
    }

    /// <summary>A subscript and a superscript of the same symbol stand above each other.</summary>
    private void SetScripts(string math, ref int i, double size, double rise)
    {
        double start = _pen, lean = _lean, end = _pen;
        while (i < math.Length && math[i] is '_' or '^')
        {
            bool isBelow = math[i++] == '_';
            double shift = isBelow ? -SubscriptDrop : SuperscriptRise;
            _pen = isBelow ? start - lean : start;
            SetMath(Group(math, ref i), size * ScriptScale, rise + (shift * size));
            end = Math.Max(end, _pen);
        }

        _pen = end;
    }

    private void SetCommand(string math, ref int i, double size, double rise)
    {
        int end = i + 1;
        while (end < math.Length && char.IsAsciiLetter(math[end])) end++;
        if (end == i + 1) end = Math.Min(end + 1, math.Length);
        string name = math[(i + 1)..end];
        i = end;
        if (name is "mathrm" or "text") Set(Group(math, ref i), Typefaces.Text, size, rise);
        else if (Commands.TryGetValue(name, out string? symbol)) SetSymbol(symbol, size, rise);
        else Set("\\" + name, Typefaces.Text, size, rise);
    }

    /// <summary>The next group in braces without them, or the next command or character.</summary>
    private static string Group(string math, ref int i)
    {
        while (i < math.Length && math[i] == ' ') i++;
        if (i >= math.Length) return "";
        int start = i;
        if (math[i] == '{')
        {
            int depth = 0;
            for (; i < math.Length; i++)
            {
                if (math[i] == '{') depth++;
                else if (math[i] == '}' && --depth == 0) return math[(start + 1)..i++];
            }

            return math[(start + 1)..];
        }

        i++;
        if (math[start] == '\\')
        {
            while (i < math.Length && char.IsAsciiLetter(math[i])) i++;
            if (math[start..i] is "\\mathrm" or "\\text") Group(math, ref i);
        }

        return math[start..i];
    }

    private void SetSymbol(string symbol, double size, double rise)
    {
        char c = symbol[0];
        bool isItalic = char.IsAsciiLetter(c) || (c is >= 'α' and <= 'ω') || c is 'ϵ' or 'ϕ';
        if (isItalic) Set(symbol, Typefaces.Symbols, size * SymbolScale, rise);
        else Set(c == '-' ? "−" : symbol, Typefaces.Text, size, rise);
    }

    /// <summary>Adds a run; characters the face lacks come from the operator face where that has them.</summary>
    private void Set(string text, SKTypeface face, double size, double rise)
    {
        int start = 0;
        while (start < text.Length)
        {
            SKTypeface chosen = FaceOf(text, start, face);
            int end = start + 1;
            while (end < text.Length && (char.IsLowSurrogate(text[end]) || FaceOf(text, end, face) == chosen)) end++;
            Add(text[start..end], chosen, size, rise);
            start = end;
        }
    }

    private static SKTypeface FaceOf(string text, int index, SKTypeface face)
    {
        int codePoint = char.IsSurrogatePair(text, index) ? char.ConvertToUtf32(text, index) : text[index];
        return !face.ContainsGlyph(codePoint) && Typefaces.Operators.ContainsGlyph(codePoint) ? Typefaces.Operators : face;
    }

    private void Add(string text, SKTypeface face, double size, double rise)
    {
        using SKFont font = Typefaces.Font(face, size);
        double width = font.MeasureText(text, out SKRect ink);
        _runs.Add(new TextRun(text, face, size, _pen, rise));

        // An italic letter leans out of its box; what follows starts where the ink ends, except a subscript, which tucks in.
        _lean = face == Typefaces.Symbols ? Math.Max(0, ink.Right + (0.03 * size) - width) : 0;
        _pen += width + _lean;
    }
}
