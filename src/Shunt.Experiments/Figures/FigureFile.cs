namespace Shunt.Experiments;

/// <summary>What a figure computes: the points of one experiment.</summary>
/// <param name="Name">Name in the file.</param>
/// <param name="Grid">Points of the sweep, one axis at most.</param>
/// <param name="Methods">Theories to evaluate.</param>
/// <param name="IsSimulated">Whether the points are simulated.</param>
/// <param name="HasCriticalCv">Whether CV_K* is looked for.</param>
public sealed record FigureData(string Name, ExperimentGrid Grid, IReadOnlyList<string> Methods, bool IsSimulated, bool HasCriticalCv)
{
    /// <summary>Name of the data that these are like; empty for none.</summary>
    public string Like { get; init; } = "";

    /// <summary>What differs from those, each path=value.</summary>
    public IReadOnlyList<string> Changes { get; init; } = [];
}

/// <summary>An axis of a panel.</summary>
/// <param name="Label">Title.</param>
/// <param name="Scale">Factor from the unit of the data.</param>
/// <param name="IsLogarithmic">Whether it is logarithmic.</param>
/// <param name="Minimum">Lower end, NaN if free.</param>
/// <param name="Maximum">Upper end, NaN if free.</param>
public sealed record FigureAxis(string Label, double Scale, bool IsLogarithmic, double Minimum, double Maximum);

/// <summary>What a series must agree with.</summary>
public sealed record FigureCheck
{
    /// <summary>The reference, in the units of the axes; null when a slope is checked.</summary>
    public SeriesPoints? Reference { get; init; }

    /// <summary>Where the reference is from.</summary>
    public required string Source { get; init; }

    /// <summary>Exponent that the series must have; NaN when there is a reference.</summary>
    public double Slope { get; init; } = double.NaN;

    /// <summary>Relative tolerance (absolute for a slope).</summary>
    public required double Within { get; init; }

    /// <summary>Absolute tolerance, in the unit of the axis.</summary>
    public double Absolute { get; init; }

    /// <summary>Standard error of the reference's x.</summary>
    public double XError { get; init; }

    /// <summary>Standard error of the reference's y.</summary>
    public double YError { get; init; }

    /// <summary>Smallest x to compare at.</summary>
    public double From { get; init; } = double.NegativeInfinity;

    /// <summary>Largest x to compare at.</summary>
    public double To { get; init; } = double.PositiveInfinity;

    /// <summary>Why a deviation is expected; empty when none is.</summary>
    public string Cause { get; init; } = "";

    /// <summary>Data like those of the series that must then agree; null for none.</summary>
    public FigureData? ClosedBy { get; init; }
}

/// <summary>One curve or set of points of a panel.</summary>
public sealed record FigureSeries
{
    /// <summary>What a file writes for the first theory of the data.</summary>
    public const string FirstTheory = "theory";

    /// <summary>What a file writes for the measured amplitudes of a fit.</summary>
    public const string MeasuredLaw = "data";

    /// <summary>Entry in the legend; empty for none.</summary>
    public string Label { get; init; } = "";

    /// <summary>Name of the data; empty when it draws something else.</summary>
    public string Data { get; init; } = "";

    /// <summary>What of the data is drawn.</summary>
    public required string Quantity { get; init; }

    /// <summary>What it is drawn against; empty for the swept value.</summary>
    public string XQuantity { get; init; } = "";

    /// <summary>simulation, or the name of a theory.</summary>
    public required string Of { get; init; }

    /// <summary>The population; empty for the first.</summary>
    public string Population { get; init; } = "";

    /// <summary>CSV of PSP amplitudes that are fitted; empty for none.</summary>
    public string Fit { get; init; } = "";

    /// <summary>Law of the fit, or data.</summary>
    public string Law { get; init; } = "";

    /// <summary>Whether inhibitory amplitudes of the fit are meant.</summary>
    public bool IsInhibitory { get; init; }

    /// <summary>Points that are drawn instead of data; null for none.</summary>
    public SeriesPoints? Reference { get; init; }

    /// <summary>A function of x; empty for none.</summary>
    public string Formula { get; init; } = "";

    /// <summary>Range of x of the formula.</summary>
    public (double From, double To) Range { get; init; }

    /// <summary>How it is drawn.</summary>
    public required string Style { get; init; }

    /// <summary>Shape of dots.</summary>
    public required string Shape { get; init; }

    /// <summary>Name of the colour.</summary>
    public required string Colour { get; init; }

    /// <summary>What it must agree with.</summary>
    public required IReadOnlyList<FigureCheck> Checks { get; init; }
}

/// <summary>One panel.</summary>
/// <param name="Title">Heading.</param>
/// <param name="X">Horizontal axis.</param>
/// <param name="Y">Vertical axis.</param>
/// <param name="Series">What is drawn, first at the bottom.</param>
public sealed record FigurePanel(string Title, FigureAxis X, FigureAxis Y, IReadOnlyList<FigureSeries> Series);

/// <summary>
/// A figure as a file says it: experiments with sweeps, panels that draw their quantities, and references they must agree with
/// (docs/figures.md). Read whole and checked before anything is computed.
/// </summary>
public sealed record FigureFile
{
    /// <summary>Path of the file.</summary>
    public required string Path { get; init; }

    /// <summary>Name of the figure.</summary>
    public required string Title { get; init; }

    /// <summary>Caption.</summary>
    public required string Caption { get; init; }

    /// <summary>One sentence for a gallery.</summary>
    public required string Summary { get; init; }

    /// <summary>Panels in a row.</summary>
    public required int Columns { get; init; }

    /// <summary>Width (mm).</summary>
    public required double Width { get; init; }

    /// <summary>Height of a row (mm).</summary>
    public required double RowHeight { get; init; }

    /// <summary>What is computed.</summary>
    public required IReadOnlyList<FigureData> Data { get; init; }

    /// <summary>The panels.</summary>
    public required IReadOnlyList<FigurePanel> Panels { get; init; }

    /// <summary>Reads a figure file and the experiments it names.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="isFull">Whether sizes and durations are those of <c>full</c>.</param>
    /// <exception cref="ExperimentFileException">It cannot be read, or something in it or in an experiment is wrong.</exception>
    public static FigureFile Read(string path, bool isFull)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new ExperimentFileException([new ExperimentProblem(path, 0, 0, "", $"cannot be read: {e.Message}")]);
        }

        var problems = new List<ExperimentProblem>();
        Entry root = Binder.Bind(NodeReader.Read(text, path), FigureKeys.File, "a figure", problems);
        try
        {
            FigureFile file = new Reader(path, isFull, problems).Read(root);
            if (problems.Count == 0) return file;
        }
        catch (UnusableEntryException) when (problems.Count > 0)
        {
            // what is missing or wrong was reported where it is
        }

        throw new ExperimentFileException(problems);
    }

    private sealed class Reader(string path, bool isFull, List<ExperimentProblem> problems)
    {
        private static readonly string[] Sources = ["data", "fit", "reference", "formula"];

        private static readonly string[] Laws =
            [FigureSeries.MeasuredLaw, Theory.PspFit.Conductance, Theory.PspFit.ConductanceOne, Theory.PspFit.Current, Theory.PspFit.Power];

        private readonly string folder = System.IO.Path.GetDirectoryName(path) ?? "";

        internal FigureFile Read(Entry root)
        {
            Entry? listed = root.Find("data");
            var names = (listed?.Names ?? []).ToHashSet(StringComparer.Ordinal);
            var own = names.Where(n => listed![n].Find("like") is null).ToDictionary(n => n, n => DataOf(n, listed![n]), StringComparer.Ordinal);
            FigureData[] data = [.. names.Select(n => own.TryGetValue(n, out FigureData? read) ? read : LikeOf(n, listed!, own)).OfType<FigureData>()];
            FigurePanel[] panels = [.. root["panels"].Items.Select(p => new FigurePanel(
                p["title"].Word.Trim(), AxisOf(p["x"]), AxisOf(p["y"]), [.. p["series"].Items.Select(s => SeriesOf(s, names, data))]))];
            return new FigureFile
            {
                Path = path,
                Title = root["title"].Word,
                Caption = root["caption"].Word.Trim(),
                Summary = root["summary"].Word.Trim(),
                Columns = root["columns"].Count,
                Width = root["width"].Number,
                RowHeight = root["row_height"].Number,
                Data = data,
                Panels = panels,
            };
        }

        private FigureData? DataOf(string name, Entry entry)
        {
            if (entry.Find("experiment") is null) problems.Add(entry.Problem("needs an experiment, or 'like' with the name of other data"));
            if (GridOf(entry, []) is not { } grid) return null;
            string[] methods = entry.Find("methods") is { } list ? [.. Texts(list)] : [grid.Points[0].TheoryMethod];
            foreach (string unknown in methods.Except(Theory.TransferFunctions.Names))
                problems.Add(entry["methods"].Problem($"no theory is called '{unknown}'; there are {string.Join(", ", Theory.TransferFunctions.Names)}"));
            return new FigureData(name, grid, methods, IsOn(entry, "simulate"), IsOn(entry, "critical_cv"));
        }

        private FigureData? LikeOf(string name, Entry listed, Dictionary<string, FigureData?> own)
        {
            Entry entry = listed[name], like = entry["like"];
            foreach (string key in entry.Names.Except(["like", "set"])) problems.Add(entry[key].Problem("data that are like others change values with 'set' only"));
            string[] changes = [.. Texts(entry.Find("set"))];
            if (!own.TryGetValue(like.Word, out FigureData? origin))
                problems.Add(like.Problem($"no data of their own are called '{like.Word}'; there are {string.Join(", ", own.Keys)}"));
            return origin is not null && GridOf(listed[like.Word], changes) is { } grid ? origin with { Name = name, Grid = grid, Like = origin.Name, Changes = changes } : null;
        }

        private ExperimentGrid? GridOf(Entry entry, string[] changes)
        {
            string[] set = [.. Texts(entry.Find("set")), .. isFull ? Texts(entry.Find("full")) : [], .. changes];
            string sweep = (isFull ? Text(entry, "sweep_full") : "") is { Length: > 0 } longer ? longer : Text(entry, "sweep");
            try
            {
                return ExperimentFile.Read(Below(entry["experiment"])).With(set).Expand(sweep.Length > 0 ? [sweep] : []);
            }
            catch (ExperimentFileException e)
            {
                problems.AddRange(e.Problems);
                return null;
            }
        }

        private static FigureAxis AxisOf(Entry entry) => new(
            entry["label"].Word, entry["scale"].Number, entry["log"].IsOn, Number(entry, "min"), Number(entry, "max"));

        private FigureSeries SeriesOf(Entry entry, HashSet<string> names, FigureData[] data)
        {
            string[] sources = [.. Sources.Where(s => entry.Find(s) is not null)];
            if (sources.Length != 1 && !(sources is ["fit", "formula"]))
                problems.Add(entry.Problem($"needs one of data, fit, reference, formula; it has {(sources.Length == 0 ? "none" : string.Join(", ", sources))}"));
            if (entry.Find("data") is { } named && !names.Contains(named.Word))
                problems.Add(named.Problem($"no data are called '{named.Word}'; there are {string.Join(", ", names)}"));
            if (data.FirstOrDefault(d => d.Name == Text(entry, "data")) is { } drawn) CheckSource(entry["of"], drawn);
            if (entry.Find("formula") is { } formula && sources.Length == 1 && !(Number(entry, "from") < Number(entry, "to")))
                problems.Add(formula.Problem("a formula needs 'from' and 'to', the first smaller"));
            if (entry.Find("fit") is { } fitted && !Laws.Contains(Text(entry, "law")))
                problems.Add(fitted.Problem($"a fit needs a 'law': {string.Join(", ", Laws)}"));
            if (!IsColour(entry["colour"].Word))
                problems.Add(entry["colour"].Problem($"no colour is called '{entry["colour"].Word}'; there are {string.Join(", ", FigureKeys.Colours)}, and i/n for the i-th of n ordered ones"));
            Entry[] checks = [.. entry.Find("check") is { } one ? [one] : Array.Empty<Entry>(), .. entry.Find("checks")?.Items ?? []];
            return new FigureSeries
            {
                Label = Text(entry, "label"),
                Data = Text(entry, "data"),
                Quantity = entry["quantity"].Word,
                XQuantity = Text(entry, "x_quantity"),
                Of = entry["of"].Word,
                Population = Text(entry, "population"),
                Fit = entry.Find("fit") is { } fit ? Below(fit) : "",
                Law = Text(entry, "law"),
                IsInhibitory = entry["kind"].Word == "IPSP",
                Reference = entry.Find("reference") is null ? null : ReferenceOf(entry),
                Formula = Text(entry, "formula"),
                Range = (Number(entry, "from"), Number(entry, "to")),
                Style = entry["style"].Word,
                Shape = entry["shape"].Word,
                Colour = entry["colour"].Word,
                Checks = [.. checks.Select(c => CheckOf(c, ClosingOf(c, Text(entry, "data"), names, data)))],
            };
        }

        private static bool IsColour(string name) => FigureKeys.Colours.Contains(name)
            || (name.Split('/') is [var i, var n] && int.TryParse(i, out int index) && int.TryParse(n, out int count) && index >= 1 && index <= count);

        private void CheckSource(Entry of, FigureData data)
        {
            string[] known = [.. data.Methods, .. data.IsSimulated ? [FigurePoint.Simulation] : Array.Empty<string>()];
            if (of.Word == FigureSeries.FirstTheory ? data.Methods.Count == 0 : !known.Contains(of.Word))
                problems.Add(of.Problem($"'{of.Word}' is not computed for the data '{data.Name}'; there are {string.Join(", ", known)}"));
        }

        private FigureData? ClosingOf(Entry check, string drawn, HashSet<string> names, FigureData[] data)
        {
            if (check.Find("closed_by") is not { } closing) return null;
            FigureData[] controls = [.. data.Where(d => d.Like.Length > 0 && d.Like == drawn)];
            FigureData? closed = controls.FirstOrDefault(d => d.Name == closing.Word);
            bool isUnread = names.Contains(closing.Word) && !data.Any(d => d.Name == closing.Word); // what is wrong with it was reported
            if (closed is null && !isUnread)
            {
                string known = controls.Length == 0 ? "none are" : string.Join(", ", controls.Select(d => d.Name));
                problems.Add(closing.Problem($"'{closing.Word}' are not data like '{drawn}', which the series draws; {known}"));
            }

            return closed;
        }

        private FigureCheck CheckOf(Entry entry, FigureData? closedBy)
        {
            if (entry.Find("reference") is null == entry.Find("slope") is null) problems.Add(entry.Problem("needs a reference or a slope, one of the two"));
            if (entry.Find("cause") is null != entry.Find("closed_by") is null) problems.Add(entry.Problem("needs both cause and closed_by, or neither"));
            return new FigureCheck
            {
                Reference = entry.Find("reference") is null ? null : ReferenceOf(entry),
                Source = entry["source"].Word,
                Slope = Number(entry, "slope"),
                Within = entry["within"].Number,
                Absolute = entry["absolute"].Number,
                XError = entry["x_error"].Number,
                YError = entry["y_error"].Number,
                From = entry.Find("from")?.Number ?? double.NegativeInfinity,
                To = entry.Find("to")?.Number ?? double.PositiveInfinity,
                Cause = Text(entry, "cause"),
                ClosedBy = closedBy,
            };
        }

        private SeriesPoints ReferenceOf(Entry entry)
        {
            var where = new List<KeyValuePair<string, string>>();
            foreach (Entry condition in entry.Find("where")?.Items ?? [])
            {
                string[] parts = condition.Word.Split('=', 2);
                if (parts.Length == 2) where.Add(new(parts[0], parts[1]));
                else problems.Add(condition.Problem($"'{condition.Word}' is not column=value"));
            }

            string file = Below(entry["reference"]);
            try
            {
                if (File.Exists(file)) return new ReferenceColumns(file, where, entry["x"].Word, entry["y"].Word).Read();
            }
            catch (ExperimentFileException e)
            {
                problems.AddRange(e.Problems.Select(p => entry["reference"].Problem($"{p.Source}: {p.Message}")));
            }

            return SeriesPoints.None;
        }

        private string Below(Entry entry)
        {
            string file = System.IO.Path.Combine(folder, entry.Word);
            if (!File.Exists(file)) problems.Add(entry.Problem($"there is no file '{file}'"));
            return file;
        }

        private static IEnumerable<string> Texts(Entry? list) => (list?.Items ?? []).Select(i => i.Word);

        private static string Text(Entry entry, string name) => entry.Find(name)?.Word ?? "";

        private static bool IsOn(Entry entry, string name) => entry.Find(name)?.IsOn ?? false;

        private static double Number(Entry entry, string name) => entry.Find(name)?.Number ?? double.NaN;
    }
}
