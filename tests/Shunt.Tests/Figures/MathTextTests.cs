using Shunt.Figures;
using Xunit;

namespace Shunt.Tests.Figures;

public sealed class MathTextTests
{
    [TheoryAttribute]
    [InlineData("Time (ms)", "Time (ms)")]
    [InlineData(@"$\nu$ (Hz)", "ν (Hz)")]
    [InlineData(@"$\nu_X$", "νX")]
    [InlineData("$P(V)$ (mV$^{-1}$)", "P(V) (mV^−1)")]
    [InlineData("$10^{-3}$", "10^−3")]
    [InlineData(@"$V_\mathrm{th}$", "Vth")]
    [InlineData(@"$\langle V\rangle$", "⟨V⟩")]
    [InlineData("costs $5", "costs $5")]
    [InlineData(@"\$a\$", "$a$")]
    [InlineData("$x$ and $", "x and $")]
    [InlineData(@"$\unknown$", @"\unknown")]
    [InlineData("${a", "${a")]
    [InlineData("${a$", "a")]
    [InlineData("$a_$", "a")]
    public void MarkupBecomesTheCharactersItMeans(string markup, string expected) =>
        Assert.Equal(expected, MathText.Plain(markup));

    [Fact]
    public void SymbolsAreItalicAndUnitsAreNot()
    {
        var label = new MathText(@"$V_\mathrm{th}$ (mV)", 10);
        Assert.Equal(Typefaces.Symbols, label.Runs[0].Typeface);
        Assert.Equal(Typefaces.Text, label.Runs[1].Typeface);
        Assert.Equal(Typefaces.Text, label.Runs[2].Typeface);
    }

    [Fact]
    public void ScriptsAreSmallerAndShifted()
    {
        var label = new MathText("$a_i^2$b", 10);
        Assert.True(label.Runs[1].Rise < 0 && label.Runs[2].Rise > 0);
        Assert.True(label.Runs[1].Size < label.Runs[0].Size);
        Assert.True(Math.Abs(label.Runs[1].X - label.Runs[2].X) < 2, "scripts of one symbol stand above each other");
        Assert.True(label.Runs[3].X >= label.Runs[2].X + 2, "what follows does not overlap the scripts");
    }

    [Fact]
    public void NoPieceOverlapsTheNext()
    {
        var label = new MathText(@"Rate $\nu_{i}(V) = 10^{-3}$ (Hz)", 8);
        double end = 0;
        foreach (TextRun run in label.Runs)
        {
            Assert.True(run.X >= end - 0.8, $"'{run.Text}' starts at {run.X:F2}, before {end:F2}");
            using SkiaSharp.SKFont font = Typefaces.Font(run.Typeface, run.Size);
            end = run.X + font.MeasureText(run.Text);
        }
    }

    [TheoryAttribute]
    [InlineData("$10^{-3}$", "10<sup>−3</sup>")]
    [InlineData(@"$1 - \nu$", "1 − <i>ν</i>")]
    [InlineData("a < b", "a &lt; b")]
    public void HtmlKeepsScriptsAndEscapes(string markup, string expected) => Assert.Equal(expected, MathText.Html(markup));

    [Fact]
    public void UserTextMeansItselfAfterEscaping() => Assert.Equal("a$_b$c", MathText.Plain(MathText.Escape("a$_b$c")));

    [Fact]
    public void EveryFaceComesFromTheAssembly()
    {
        Assert.Equal("Liberation Sans", Typefaces.Text.FamilyName);
        Assert.Equal("Liberation Sans", Typefaces.Bold.FamilyName);
        Assert.True(Typefaces.Bold.IsBold);
        Assert.StartsWith("KaTeX_Math", Typefaces.Symbols.FamilyName, StringComparison.Ordinal);
        Assert.StartsWith("KaTeX_Main", Typefaces.Operators.FamilyName, StringComparison.Ordinal);
    }

    [TheoryAttribute]
    [InlineData(@"$\alpha\beta\gamma\delta\epsilon\eta\theta\lambda\mu\nu\xi\pi\rho\sigma\tau\phi\chi\psi\omega\Gamma\Delta\Theta\Sigma\Phi\Omega$")]
    [InlineData(@"$\langle\rangle\times\cdot\pm\infty\approx\leq\geq\sqrt\partial\to$")]
    [InlineData("−±×–…µ°éüß")]
    public void EveryCharacterOfALabelHasAGlyph(string markup) => Assert.All(
        new MathText(markup, 8).Runs, run => Assert.All(run.Text, c => Assert.True(run.Typeface.ContainsGlyph(c), $"no glyph for '{c}'")));
}
