using System.Globalization;
using Shunt.Tests.Experiments;
using Xunit;

namespace Shunt.Tests.Cli;

/// <summary>The command <c>reproduce</c>, with small figures of its own.</summary>
public sealed class ReproduceTests
{
    private const string Figure = """
        title: Small
        summary: Rates of a tiny network.
        caption: What it shows.
        data:
          theory: {experiment: tiny.yaml, sweep: "input.rate=200:400:5 Hz", methods: [siegert, kramers]}
          points: {experiment: tiny.yaml, sweep: "input.rate=250,350 Hz", methods: [], simulate: true}
          other: {like: points, set: [coupling.a=0.012]}
        panels:
        - x: {label: '$\nu_X$ (kHz)', scale: 0.001}
          y: {label: '$\nu$ (Hz)'}
          series:
          - {label: theory, data: theory, of: siegert}
          - {label: simulation, data: points, of: simulation, style: dots, check: {reference: ref.csv, CHECK}}
          - {formula: 'Pow(x, 2)', from: 0.1, to: 0.5, style: dashed, check: {slope: 2, within: 0.001, source: a parabola}}
        - x: {label: CV, min: 0}
          y: {label: density}
          series:
          - {data: points, quantity: cv_density, of: simulation, style: steps, colour: 1/3}
          - {reference: ref.csv, where: [series=a], style: open, colour: blue}
        """;

    private static Program With(string check, string reference)
    {
        var program = new Program();
        program.Write("small.yaml", Figure.Replace("CHECK", check, StringComparison.Ordinal));
        program.Write("ref.csv", reference);
        return program;
    }

    [Fact]
    public void A_figure_is_drawn_judged_and_written()
    {
        using Program program = With("where: [series=a], within: 0.9", "series,x,y\na,0.25,80\na,0.35,120\nb,0.25,1");
        Outcome outcome = program.Run("reproduce", "small.yaml", "--out", "out");
        Assert.True(outcome.ExitCode == 0, outcome.Output + outcome.Error);
        Assert.Contains("2 verdicts: 2 pass, 0 explained, 0 fail", outcome.OutputLines);
        Assert.Matches(@"Small +A +Pow\(x, 2\) .*exponent 2\.000 ± 0\.000", outcome.Output);
        foreach (string file in (string[])["small.png", "small.pdf", "small.svg", "series.csv", "verdicts.csv", "provenance.json"])
            Assert.True(new FileInfo(program.PathOf($"out/small/{file}")).Length > 100, file);
        string[][] rows = [.. program.Read("out/small/series.csv").Split('\n').Skip(1).Where(l => l.Length > 0).Select(l => l.Split(','))];
        string[][] theory = [.. rows.Where(r => r[1] == "theory")];
        Assert.Equal(["0.2", "0.25", "0.3", "0.35", "0.4"], theory.Select(r => double.Parse(r[4], CultureInfo.InvariantCulture).ToString("G12", CultureInfo.InvariantCulture)));
        Assert.All(rows.Where(r => r[1] == "simulation"), r => Assert.True(double.Parse(r[6], CultureInfo.InvariantCulture) > 0));
    }

    [Fact]
    public void A_verdict_that_fails_ends_with_exit_code_1_unless_a_controlled_run_closes_the_gap()
    {
        using Program program = With("where: [series=a], within: 0.0001, y_error: 0.0001", "series,x,y\na,0.25,1\na,0.35,1");
        Outcome failed = program.Run("reproduce", "small.yaml", "--out", "out", "--quiet");
        Assert.Equal(1, failed.ExitCode);
        Assert.Contains("2 verdicts: 1 pass, 0 explained, 1 fail", failed.OutputLines);

        // the reference is what the other data give
        program.Write("small.yaml", Figure.Replace("CHECK", "where: [series=a]", StringComparison.Ordinal).Replace("data: points, of", "data: other, of", StringComparison.Ordinal));
        program.Run("reproduce", "small.yaml", "--out", "out", "--quiet");
        string[] other = [.. program.Read("out/small/series.csv").Split('\n').Where(l => l.StartsWith("A,simulation", StringComparison.Ordinal))];
        program.Write("ref.csv", "series,x,y\n" + string.Join('\n', other.Select(l => $"a,{l.Split(',')[4]},{l.Split(',')[5]}")));
        program.Write("small.yaml", Figure.Replace("CHECK", "where: [series=a], within: 0.000001, closed_by: other, cause: a is larger", StringComparison.Ordinal));
        Outcome explained = program.Run("reproduce", "small.yaml", "--out", "out", "--quiet", "--gallery", "gallery.md");
        Assert.Equal(0, explained.ExitCode);
        Assert.Contains("explained", explained.Output, StringComparison.Ordinal);
        Assert.Contains("Small A, simulation: a is larger (with coupling.a=0.012: below 0.0001 %, at most below 0.0001 %, 2 of 2 within)", explained.OutputLines);
        Assert.Contains("\na is larger:\n\n- A, simulation, with coupling.a=0.012: below 0.0001 %, at most below 0.0001 %, 2 of 2 within\n", program.Read("gallery.md"), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_finished_is_not_computed_again_and_what_is_damaged_is()
    {
        using Program program = With("where: [series=a], within: 0.9", "series,x,y\na,0.25,80\na,0.35,120");
        program.Run("reproduce", "small.yaml", "--out", "out");
        string series = program.Read("out/small/series.csv");
        string[] points = Directory.GetFiles(program.PathOf("out/points"));
        Assert.Equal(14, points.Length);
        File.WriteAllText(points[3], "{");
        File.Delete(points[5]);
        Outcome again = program.Run("reproduce", "small.yaml", "--out", "out");
        Assert.Equal("12 points are there already", again.ErrorLines[0]);
        Assert.StartsWith("2 points, about ", again.ErrorLines[1], StringComparison.Ordinal);
        Assert.Equal(series, program.Read("out/small/series.csv"));
        Assert.Equal("0 points, about 0 ms, up to 0 B", Assert.Single(program.Run("reproduce", "small.yaml", "--out", "out", "--estimate").OutputLines));
    }

    [Fact]
    public void Points_side_by_side_are_estimated_to_need_the_memory_of_each()
    {
        using Program program = With("where: [series=a], within: 0.9", "series,x,y\na,0.25,80\na,0.35,120");
        double four = Bytes();
        string single = program.Read("small.yaml").Replace("input.rate=250,350 Hz", "input.rate=350:350:1 Hz", StringComparison.Ordinal);
        program.Write("small.yaml", string.Join('\n', single.Split('\n').Where(l => !l.Contains("like: points", StringComparison.Ordinal))));
        Assert.InRange(four / Bytes(), 0.95 * Math.Min(4, Environment.ProcessorCount), 1.05 * Math.Min(4, Environment.ProcessorCount));

        double Bytes()
        {
            Outcome outcome = program.Run("reproduce", "small.yaml", "--out", "out", "--estimate", "--json");
            Assert.True(outcome.ExitCode == 0, outcome.Error);
            using var json = System.Text.Json.JsonDocument.Parse(Assert.Single(outcome.OutputLines));
            return json.RootElement.GetProperty("memory_bytes").GetDouble();
        }
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("KILL")]
    public void Stopped_or_killed_it_goes_on_where_it_was(string signal)
    {
        using Program program = With("where: [series=a], within: 0.9", "series,x,y\na,0.25,80\na,0.35,120");
        program.Write("small.yaml", program.Read("small.yaml").Replace("\"input.rate=250,350 Hz\"", "\"input.rate=250:350:11 Hz\", set: [simulation.duration=20 s]", StringComparison.Ordinal)
            .Replace("[coupling.a=0.012]", "[]", StringComparison.Ordinal));
        string folder = program.PathOf("out/points");
        int Finished() => Directory.Exists(folder) ? Directory.GetFiles(folder, "*.json").Length : 0;
        Outcome stopped = program.Interrupt(signal, () => Finished() >= 11, "the first simulations are done", "reproduce", "small.yaml", "--out", "out");
        Assert.NotEqual(0, stopped.ExitCode);
        if (signal == "INT") Assert.Contains("stopped; the same command goes on where it was", stopped.Error, StringComparison.Ordinal);

        int finished = Finished();
        Assert.InRange(finished, 11, 20);
        Outcome outcome = program.Run("reproduce", "small.yaml", "--out", "out");
        Assert.True(outcome.ExitCode == 0, outcome.Output + outcome.Error);
        Assert.Equal($"{finished} points are there already", outcome.ErrorLines[0]);
        Assert.Equal(21, Finished());
    }

    [Fact]
    public void A_gallery_has_every_figure_with_its_verdicts()
    {
        using Program program = With("where: [series=a], within: 0.9", "series,x,y\na,0.25,80\na,0.35,120");
        program.Run("reproduce", "small.yaml", "--out", "out", "--gallery", "pages/gallery.md");
        string page = program.Read("pages/gallery.md");
        Assert.Contains("## Small\n\nRates of a tiny network.\n\n![Rates of a tiny network.](images/gallery/small.png)\n\nWhat it shows.\n", page, StringComparison.Ordinal);
        Assert.Contains("| A | simulation | rate | the paper's figure, digitised | 2 of 2 |", page, StringComparison.Ordinal);
        Assert.True(File.Exists(program.PathOf("pages/images/gallery/small.png")));
    }

    public static TheoryData<string, string, string> Wrong => new()
    {
        { "small.yaml(12,6): panels[0].series[0].labl: unknown key", "label: theory, data", "labl: theory, data" },
        { "panels[0].series[0].data: no data are called 'thory'; there are theory, points, other", "data: theory, of", "data: thory, of" },
        { "panels[0].series[0].of: 'rice' is not computed for the data 'theory'; there are siegert, kramers", "of: siegert", "of: rice" },
        { "data.theory.methods: no theory is called 'sigert'", "[siegert, kramers]", "[sigert, kramers]" },
        { "data.theory.experiment: there is no file", "theory: {experiment: tiny.yaml", "theory: {experiment: tny.yaml" },
        { "panels[0].series[2]: needs one of data, fit, reference, formula; it has data, formula", "{formula: 'Pow(x, 2)'", "{data: theory, formula: 'Pow(x, 2)'" },
        { "a formula needs 'from' and 'to', the first smaller", "from: 0.1, to: 0.5", "from: 0.1" },
        { "no colour is called '4/3'; there are black", "colour: 1/3", "colour: 4/3" },
        { "has no column 'z'; there are series, x, y", "where: [series=a], style: open", "where: [series=a], y: z, style: open" },
        { "has no row with series = c", "where: [series=a], style: open", "where: [series=c], style: open" },
        { "panels[0].series[2].check: needs a reference or a slope, one of the two", "{slope: 2, within: 0.001, source: a parabola}", "{within: 0.001}" },
        { "data.other: needs an experiment, or 'like' with the name of other data", "{like: points, set: [coupling.a=0.012]}", "{methods: []}" },
        { "data.other.like: no data of their own are called 'other'; there are theory, points", "like: points", "like: other" },
        { "data.other.simulate: data that are like others change values with 'set' only", "{like: points,", "{like: points, simulate: true," },
        { "panels[0].series[0].check: needs both cause and closed_by, or neither", "of: siegert}", "of: siegert, check: {slope: 1, cause: a is larger}}" },
        { "panels[0].series[0].check.closed_by: 'other' are not data like 'theory', which the series draws; none are", "of: siegert}", "of: siegert, check: {slope: 1, closed_by: other, cause: a is larger}}" },
        { "input.rat: unknown key", "input.rate=200:400:5 Hz", "input.rat=200:400:5 Hz" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_wrong_figure_file_is_named_with_its_place(string expected, string from, string to)
    {
        using Program program = With("where: [series=a]", "series,x,y\na,0.25,80\na,0.35,120");
        Assert.Contains(from, program.Read("small.yaml"), StringComparison.Ordinal);
        program.Write("small.yaml", program.Read("small.yaml").Replace(from, to, StringComparison.Ordinal));
        Outcome outcome = program.Run("reproduce", "small.yaml", "--out", "out");
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(expected, outcome.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(program.PathOf("out")));
    }

    [Fact]
    public void An_unknown_figure_is_named_with_what_there_is()
    {
        using var program = new Program();
        Outcome outcome = program.Run("reproduce", "fig16");
        Assert.Equal(2, outcome.ExitCode);
        Assert.StartsWith("shunt: reproduce: no figure and no file is called 'fig16'; did you mean 'fig1'?", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_figure_of_the_paper_can_be_read_and_all_take_less_than_half_an_hour()
    {
        using var program = new Program();
        foreach (string profile in (string[])["--quiet", "--full"])
        {
            Outcome outcome = program.Run("reproduce", "all", "--estimate", "--json", profile);
            Assert.True(outcome.ExitCode == 0, outcome.Error);
            using var json = System.Text.Json.JsonDocument.Parse(Assert.Single(outcome.OutputLines));
            Assert.True(json.RootElement.GetProperty("points").GetInt32() > 5000);
            if (profile == "--quiet") Assert.InRange(json.RootElement.GetProperty("seconds").GetDouble(), 60, 1800);
        }
    }
}
