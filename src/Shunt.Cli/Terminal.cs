using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace Shunt.Cli;

/// <summary>Where text goes: answers to standard output, everything else to standard error;
/// coloured and live only where a person is looking.</summary>
internal sealed class Terminal(bool quiet, bool json)
{
    private static readonly TimeSpan FirstReport = TimeSpan.FromSeconds(2), ReportInterval = TimeSpan.FromSeconds(5), RedrawInterval = TimeSpan.FromSeconds(0.2);
    private readonly IAnsiConsole _error = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });

    /// <summary>Whether everything that was answered has reached standard output.</summary>
    internal bool CouldAnswer { get; private set; } = true;

    /// <summary>Writes a line of the answer.</summary>
    internal void Answer(string text)
    {
        if (!json) Output(() => Console.Out.WriteLine(text));
    }

    /// <summary>Writes one JSON object.</summary>
    internal void AnswerJson(string text)
    {
        if (json) Output(() => Console.Out.WriteLine(text));
    }

    /// <summary>Writes to standard error; above the progress bar while there is one.</summary>
    internal void Say(string text)
    {
        if (IsInteractive) _error.WriteLine(text);
        else Console.Error.WriteLine(text);
    }

    /// <summary>Says what happens; silent with --quiet.</summary>
    internal void Note(string text)
    {
        if (!quiet) Say(text);
    }

    /// <summary>Says what the reader should know before trusting a number; never silent.</summary>
    internal void Warn(string text) => Say($"warning: {text}");

    /// <summary>Says why the command ends.</summary>
    internal void Fail(string text) => Say($"shunt: {text}");

    /// <summary>Writes a table: framed for a person, aligned text when redirected. A header may have several lines.</summary>
    internal void AnswerTable(IReadOnlyList<string> header, IReadOnlyList<IReadOnlyList<string>> rows, int textColumns)
    {
        if (json) return;
        Output(() =>
        {
            if (!Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Interactive) FramedTable(header, rows, textColumns);
            else PlainTable(header, rows, textColumns);
        });
    }

    /// <summary>Does something that may take long: shows a bar with the time left, or plain lines when redirected.</summary>
    internal void Watch(string title, Action<Action<double, string>> work)
    {
        if (quiet)
        {
            work((_, _) => { });
            return;
        }

        // A bar is redrawn in place, which lines of JSON on the same screen would tear apart.
        if (!IsInteractive || (json && !Console.IsOutputRedirected))
        {
            WatchPlainly(title, work);
            return;
        }

        _error.Progress().AutoClear(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(),
                new PercentageColumn(), new RemainingTimeColumn())
            .Start(context =>
            {
                ProgressTask task = context.AddTask(Markup.Escape(title), maxValue: 1);
                work((fraction, label) =>
                {
                    task.Description = Markup.Escape(label);
                    task.Value = fraction;
                });
            });
    }

    /// <summary>Does something of many parts: shows a table that is redrawn in place, or plain lines when redirected.</summary>
    internal void WatchTable(string title, Action<Action<double, string, IEnumerable<(string Name, string Value)>>> work)
    {
        if (quiet || !IsInteractive || (json && !Console.IsOutputRedirected))
        {
            Watch(title, report => work((fraction, summary, _) => report(fraction, summary)));
            return;
        }

        _error.Live(new Table()).AutoClear(true).Start(context =>
        {
            var gate = new Lock();
            var clock = Stopwatch.StartNew();
            TimeSpan due = TimeSpan.Zero;
            work((_, _, rows) =>
            {
                lock (gate)
                {
                    if (clock.Elapsed < due) return;
                    due = clock.Elapsed + RedrawInterval;
                    Table table = new Table().Border(TableBorder.Rounded).HideHeaders().AddColumn("").AddColumn(new TableColumn("") { Alignment = Justify.Right });
                    foreach ((string name, string value) in rows) table.AddRow(Markup.Escape(name), Markup.Escape(value));
                    context.UpdateTarget(table);
                }
            });
        });
    }

    /// <summary>A time in the unit that suits it.</summary>
    internal static string Duration(double seconds) => seconds switch
    {
        < 0.0995 => $"{(seconds * 1e3).ToString("G2", CultureInfo.InvariantCulture)} ms",
        < 99.5 => $"{seconds.ToString("G3", CultureInfo.InvariantCulture)} s",
        < 5940 => $"{(seconds / 60).ToString("F0", CultureInfo.InvariantCulture)} min",
        _ => $"{(seconds / 3600).ToString("F1", CultureInfo.InvariantCulture)} h",
    };

    /// <summary>An amount of memory in the unit that suits it.</summary>
    internal static string Memory(double bytes) => bytes switch
    {
        < 999.5 => $"{bytes.ToString("F0", CultureInfo.InvariantCulture)} B",
        < 999.5e3 => $"{(bytes / 1e3).ToString("G3", CultureInfo.InvariantCulture)} kB",
        < 1e9 => $"{(bytes / 1e6).ToString(bytes < 9.95e6 ? "F1" : "F0", CultureInfo.InvariantCulture)} MB",
        _ => $"{(bytes / 1e9).ToString("F2", CultureInfo.InvariantCulture)} GB",
    };

    /// <summary>A number of things: whole below a million, three digits above.</summary>
    internal static string Count(double count) => count.ToString(count < 1e6 ? "N0" : "0.00e0", CultureInfo.InvariantCulture);

    /// <summary>A ratio to two decimals.</summary>
    internal static string Ratio(double ratio) => ratio.ToString("F2", CultureInfo.InvariantCulture);

    private bool IsInteractive => !Console.IsErrorRedirected && _error.Profile.Capabilities.Interactive;

    private void Output(Action write)
    {
        if (!CouldAnswer) return;
        try
        {
            write();
        }
        catch (IOException e)
        {
            CouldAnswer = false;
            Fail($"standard output cannot be written ({e.Message})");
        }
    }

    private static void FramedTable(IReadOnlyList<string> header, IReadOnlyList<IReadOnlyList<string>> rows, int textColumns)
    {
        var table = new Table().Border(TableBorder.SimpleHeavy);
        for (int c = 0; c < header.Count; c++)
            table.AddColumn(new TableColumn(Markup.Escape(header[c])) { Alignment = c < textColumns ? Justify.Left : Justify.Right });
        foreach (IReadOnlyList<string> row in rows) table.AddRow([.. row.Select(Markup.Escape)]);
        AnsiConsole.Write(table);
    }

    private static void PlainTable(IReadOnlyList<string> header, IReadOnlyList<IReadOnlyList<string>> rows, int textColumns)
    {
        string[][] headers = [.. header.Select(h => h.Split('\n'))];
        int lines = headers.Max(h => h.Length);
        string[][] top = [.. Enumerable.Range(0, lines).Select(l => headers.Select(h => l < h.Length ? h[l] : "").ToArray())];
        IReadOnlyList<string>[] all = [.. top, .. rows];
        int[] widths = [.. header.Select((_, c) => all.Max(r => r[c].Length))];
        foreach (IReadOnlyList<string> row in all)
        {
            Console.Out.WriteLine(string.Join("  ",
                row.Select((cell, c) => c < textColumns ? cell.PadRight(widths[c]) : cell.PadLeft(widths[c]))).TrimEnd());
        }
    }

    private static void WatchPlainly(string title, Action<Action<double, string>> work)
    {
        var clock = Stopwatch.StartNew();
        long nextReport = FirstReport.Ticks;
        work((fraction, label) =>
        {
            long now = clock.Elapsed.Ticks, due = Volatile.Read(ref nextReport);
            if (now < due || Interlocked.CompareExchange(ref nextReport, now + ReportInterval.Ticks, due) != due) return;
            string left = fraction > 0.01 ? $", {Duration(clock.Elapsed.TotalSeconds * (1 - fraction) / fraction)} left" : "";
            Console.Error.WriteLine($"{title}: {label}, {(fraction * 100).ToString("F0", CultureInfo.InvariantCulture)} %{left}");
        });
    }
}
