namespace Shunt.Experiments;

/// <summary>All points of a run before it is run.</summary>
/// <param name="Axes">The sweep's axes; none for a single point.</param>
/// <param name="Points">The points; the last axis varies fastest.</param>
public sealed record ExperimentGrid(IReadOnlyList<SweepAxis> Axes, IReadOnlyList<Experiment> Points);

/// <summary>
/// An experiment file as it was written, with the overrides laid over it. Immutable: <see cref="With"/> returns another.
/// <code>ExperimentFile.Read("quickstart.yaml").With(["coupling.K=500"]).Expand(["input.rate=10:50:5 Hz"])</code>
/// </summary>
public sealed class ExperimentFile
{
    private readonly Node root;
    private readonly IReadOnlyList<KeyValuePair<string, string>> set;

    private ExperimentFile(string name, Node root, IReadOnlyList<KeyValuePair<string, string>> set)
    {
        Name = name;
        this.root = root;
        this.set = set;
    }

    /// <summary>Name of the file as it was given; messages begin with it.</summary>
    public string Name { get; }

    /// <summary>Reads a file.</summary>
    /// <param name="path">Where it is.</param>
    /// <exception cref="ExperimentFileException">It cannot be read, or it is not YAML.</exception>
    public static ExperimentFile Read(string path)
    {
        ExperimentFileException Wrong(string message) => new([new ExperimentProblem(path, 0, 0, "", message)]);
        if (string.IsNullOrWhiteSpace(path)) throw new ExperimentFileException([new ExperimentProblem("FILE", 0, 0, "", "its name is empty")]);
        if (Directory.Exists(path)) throw Wrong("is a folder; name the experiment file in it");
        try
        {
            return Parse(File.ReadAllText(path), path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Wrong("there is no such file");
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException or ArgumentException or NotSupportedException)
        {
            throw Wrong($"cannot be read: {e.Message}");
        }
    }

    /// <summary>Reads an experiment from text.</summary>
    /// <param name="yaml">The text.</param>
    /// <param name="name">What messages call it.</param>
    /// <exception cref="ExperimentFileException">It is not YAML.</exception>
    public static ExperimentFile Parse(string yaml, string name) => new(name, NodeReader.Read(yaml, name), []);

    /// <summary>The file with values replaced.</summary>
    /// <param name="overrides">Each <c>path=value</c>, for instance <c>neuron.t_ref=1 ms</c> or <c>projections[1].K=200</c>; later ones win.</param>
    /// <exception cref="ExperimentFileException">
    /// An override has no '=', or its path does not fit the file. Values are checked by <see cref="Bind"/>.
    /// </exception>
    public ExperimentFile With(IEnumerable<string> overrides)
    {
        ExperimentFile file = this;
        foreach (string text in overrides)
        {
            (string path, string value) = Overrides.Split("--set", text);
            file = file.Put(path, value, $"--set {text}");
        }

        return file;
    }

    /// <summary>Checks the file and lowers it to one experiment.</summary>
    /// <exception cref="ExperimentFileException">Something is wrong; the exception lists everything that is.</exception>
    public Experiment Bind()
    {
        var problems = new List<ExperimentProblem>();
        return Check(problems) ?? throw new ExperimentFileException(problems);
    }

    /// <summary>Every point of a grid of sweeps.</summary>
    /// <param name="sweeps">Each <c>path=start:stop:n[:log] unit</c> or <c>path=value,value,...</c>; the last varies fastest. None gives the one point of the file.</param>
    /// <exception cref="ExperimentFileException">A sweep cannot be read, one replaces what another varies, or some point is wrong.</exception>
    public ExperimentGrid Expand(IEnumerable<string> sweeps)
    {
        SweepAxis[] axes = [.. sweeps.Select(s => Sweep.Parse(s, this))];
        Sweep.CheckIndependence(axes);
        IEnumerable<ExperimentFile> files = [this];
        foreach (SweepAxis axis in axes)
            files = files.SelectMany(f => axis.Values.Select(v => f.Put(axis.Path, v, $"--sweep {axis.Path}={v}"))).ToArray();

        var problems = new List<ExperimentProblem>();
        Experiment?[] points = [.. files.Select(f => f.Check(problems))];
        if (problems.Count > 0) throw new ExperimentFileException(Once(problems));
        return new ExperimentGrid(axes, points!);
    }

    /// <summary>Unit of the file's own value at a path; empty when there is none.</summary>
    internal string UnitAt(string path)
    {
        Node? node = root;
        foreach (string step in path.Replace("[", ".[", StringComparison.Ordinal).Split('.'))
        {
            node = node switch
            {
                MapNode map => map.Find(step),
                ListNode list when step[0] == '[' && int.TryParse(step[1..^1], out int i) && i < list.Items.Count => list.Items[i],
                _ => null,
            };
        }

        return node is ScalarNode scalar && Quantity.TrySplit(scalar.Text, out _, out string unit) ? unit : "";
    }

    /// <summary>What is wrong in the same words at many points of a sweep is said once.</summary>
    internal static IEnumerable<ExperimentProblem> Once(IEnumerable<ExperimentProblem> problems) => problems.Distinct()
        .GroupBy(p => (p.Line, p.Column, p.Path, p.Message))
        .Select(g => g.Count() == 1 ? g.First() : g.First() with { Message = $"{g.Key.Message} (at {g.Count()} points of the sweep)" });

    private Experiment? Check(List<ExperimentProblem> all)
    {
        var problems = new List<ExperimentProblem>();
        Entry entry = Binder.Bind(root, problems, out FileForm form);
        Experiment? experiment = root is MapNode ? Lowering.Lower(entry, form, set, problems) : null;
        all.AddRange(problems);
        return experiment;
    }

    internal ExperimentFile Put(string path, string value, string source) =>
        new(Name, Overrides.Apply(root, path, value, source), [.. set.Where(s => s.Key != path), new(path, value)]);
}
