namespace Shunt.Experiments;

/// <summary>The figure file, key by key; see <see cref="ExperimentKeys"/> for what is derived from such a table.</summary>
internal static class FigureKeys
{
    internal static readonly string[] Styles = ["line", "dashed", "dotted", "dash-dotted", "dots", "open", "steps"];
    internal static readonly string[] Colours = ["black", "grey", "vermilion", "blue", "green", "purple", "orange", "sky"];
    internal static readonly string[] Shapes = ["circle", "square", "triangle", "diamond"];

    private static readonly Key[] Data =
    [
        new("experiment", new Shape.Text(), "experiment file, relative to this one"),
        new("like", new Shape.Text(), "instead of an experiment: name of data that these are like, but for what `set` changes; no other key beside it"),
        new("set", new Shape.ListOf(new Shape.Text()), "values to change, each path=value as after --set"),
        new("full", new Shape.ListOf(new Shape.Text()), "further values to change under --full"),
        new("sweep", new Shape.Text(), "the sweep, as after --sweep"),
        new("sweep_full", new Shape.Text(), "the sweep under --full; the same if left out"),
        new("methods", new Shape.ListOf(new Shape.Text()), "theories; the experiment's own if left out, [] for none"),
        new("simulate", new Shape.Flag(), "whether to simulate as well; false if left out"),
        new("critical_cv", new Shape.Flag(), "whether to look for CV_K* at every point, which takes about a second; false if left out"),
    ];

    private static readonly Key[] Axis =
    [
        new("label", new Shape.Text(), "title, with unit; $...$ is mathematics") { Required = true },
        new("scale", Shape.Plain(Limit.Finite), "factor from the unit of the data to that of the axis") { Default = "1" },
        new("log", new Shape.Flag(), "whether the axis is logarithmic") { Default = "false" },
        new("min", Shape.Plain(Limit.Finite), "lower end"),
        new("max", Shape.Plain(Limit.Finite), "upper end"),
    ];

    private static readonly Key[] Check =
    [
        new("reference", new Shape.Text(), "CSV with the reference, relative to this file"),
        new("where", new Shape.ListOf(new Shape.Text()), "rows to take, each column=value") ,
        new("x", new Shape.Text(), "its column for x, or number*column") { Default = "x" },
        new("y", new Shape.Text(), "its column for y, or number*column") { Default = "y" },
        new("source", new Shape.Text(), "where the reference is from") { Default = "the paper's figure, digitised" },
        new("slope", Shape.Plain(Limit.Finite), "instead of a reference: exponent that d ln y / d ln x must have"),
        new("within", Shape.Plain(Limit.NotNegative), "tolerance, relative to the reference (for a slope, absolute)") { Default = "0.05" },
        new("absolute", Shape.Plain(Limit.NotNegative), "tolerance in the unit of the axis, where it is larger than the relative one") { Default = "0" },
        new("x_error", Shape.Plain(Limit.NotNegative), "standard error of the reference's x, in the unit of the axis; relative if the axis is logarithmic") { Default = "0" },
        new("y_error", Shape.Plain(Limit.NotNegative), "standard error of the reference's y, in the same way") { Default = "0" },
        new("from", Shape.Plain(Limit.Finite), "compare from this x on"),
        new("to", Shape.Plain(Limit.Finite), "compare up to this x"),
        new("cause", new Shape.Text(), "why a deviation is expected, if the controlled run below closes it"),
        new("closed_by", new Shape.Text(), "name of data `like` those of the series, which must agree with the reference"),
    ];

    private static readonly Key[] Series =
    [
        new("label", new Shape.Text(), "entry in the legend; series with equal labels share one"),
        new("data", new Shape.Text(), "name of the data"),
        new("quantity", new Shape.Choice(FigureQuantities.Names), "what of the data is drawn") { Default = "rate" },
        new("x_quantity", new Shape.Choice(FigureQuantities.Names), "what it is drawn against; the swept value if left out"),
        new("of", new Shape.Text(), "`simulation`, or the name of a theory") { Default = "theory" },
        new("population", new Shape.Text(), "which population; the first if left out"),
        new("fit", new Shape.Text(), "instead of data: CSV of PSP amplitudes to fit"),
        new("law", new Shape.Text(), "law of the fit, or `data`"),
        new("kind", new Shape.Choice("EPSP", "IPSP"), "which amplitudes of the fit") { Default = "EPSP" },
        new("reference", new Shape.Text(), "instead of data: CSV to draw points from"),
        new("where", new Shape.ListOf(new Shape.Text()), "rows of the CSV to take, each column=value"),
        new("x", new Shape.Text(), "its column for x, or number*column") { Default = "x" },
        new("y", new Shape.Text(), "its column for y, or number*column") { Default = "y" },
        new("formula", new Shape.Text(), "instead of data: y as a function of x, in the unit of the axes (Exp, Log(x, 10), Sqrt, Pow(x, 2), ...); with a fit, of x = K and the law's efficacy a"),
        new("from", Shape.Plain(Limit.Finite), "for a formula: smallest x"),
        new("to", Shape.Plain(Limit.Finite), "for a formula: largest x"),
        new("style", new Shape.Choice(Styles), "how it is drawn") { Default = "line" },
        new("shape", new Shape.Choice(Shapes), "shape of dots") { Default = "circle" },
        new("colour", new Shape.Text(), "black, grey, vermilion, blue, green, purple, orange, sky, or i/n: the i-th of n ordered ones") { Default = "black" },
        new("check", new Shape.Map(Check), "what it must agree with"),
        new("checks", new Shape.ListOf(new Shape.Map(Check)), "the same, several"),
    ];

    private static readonly Key[] Panel =
    [
        new("title", new Shape.Text(), "heading") { Default = " " },
        new("x", new Shape.Map(Axis), "horizontal axis") { Required = true },
        new("y", new Shape.Map(Axis), "vertical axis") { Required = true },
        new("series", new Shape.ListOf(new Shape.Map(Series)), "what is drawn") { Required = true },
    ];

    /// <summary>The file.</summary>
    internal static readonly Shape.Map File = new(
    [
        new("title", new Shape.Text(), "name of the figure") { Required = true },
        new("caption", new Shape.Text(), "what it shows and how to read it") { Required = true },
        new("summary", new Shape.Text(), "one sentence for a gallery") { Required = true },
        new("columns", Shape.Count(1), "panels in a row") { Default = "3" },
        new("width", Shape.Plain(Limit.Positive), "width (mm)") { Default = "178" },
        new("row_height", Shape.Plain(Limit.Positive), "height of a row of panels (mm)") { Default = "52" },
        new("data", new Shape.Named(new Shape.Map(Data), "data"), "what is computed") { Default = "" },
        new("panels", new Shape.ListOf(new Shape.Map(Panel)), "the panels, row by row") { Required = true },
    ]);
}
