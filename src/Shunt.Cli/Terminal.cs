using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace Shunt.Cli;

/// <summary>Where text goes: answers to standard output, everything else to standard error; coloured and live only where a person is looking.</summary>
internal sealed class Terminal(bool quiet, bool json)
{
    private static readonly TimeSpan FirstReport = TimeSpan.FromSeconds(2), ReportInterval = TimeSpan.FromSeconds(5);
    private readonly IAnsiConsole _error = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });

    /// <summary>Whether answers are JSON objects, one a line, and nothing else may reach standard output.</summary>
    internal bool Json => json;

    /// <summary>Writes a part of the answer.</summary>
    internal void Answer(string text)
    {
        if (!json) Console.Out.WriteLine(text);
    }

    /// <summary>Writes one JSON object.</summary>
    internal void AnswerJson(string text)
    {
        if (json) Console.Out.WriteLine(text);
    }

    /// <summary>Says what happens; silent with --quiet.</summary>
    internal void Note(string text)
    {
        if (!quiet) Console.Error.WriteLine(text);
    }

    /// <summary>Says what the reader should know before trusting a number; never silent.</summary>
    internal static void Warn(string text) => Console.Error.WriteLine($"warning: {text}");

    /// <summary>Says why the command ends.</summary>
    internal static void Fail(string text) => Console.Error.WriteLine($"shunt: {text}");

    /// <summary>Writes a table: framed for a person, aligned text when redirected.</summary>
    internal void AnswerTable(IReadOnlyList<string> header, IReadOnlyList<IReadOnlyList<string>> rows, int textColumns)
    {
        if (json) return;
        if (!Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Interactive)
        {
            var table = new Table().Border(TableBorder.SimpleHeavy);
            for (int c = 0; c < header.Count; c++) table.AddColumn(new TableColumn(Markup.Escape(header[c])) { Alignment = c < textColumns ? Justify.Left : Justify.Right });
            foreach (IReadOnlyList<string> row in rows) table.AddRow([.. row.Select(Markup.Escape)]);
            AnsiConsole.Write(table);
            return;
        }

        int[] widths = [.. header.Select((h, c) => rows.Select(r => r[c].Length).Append(h.Length).Max())];
        foreach (IReadOnlyList<string> row in rows.Prepend(header))
        {
            Console.Out.WriteLine(string.Join("  ", row.Select((cell, c) => c < textColumns ? cell.PadRight(widths[c]) : cell.PadLeft(widths[c]))).TrimEnd());
        }
    }

    /// <summary>Does something that may take long: shows a bar with the time left, or plain lines when redirected.</summary>
    internal T Watch<T>(string title, Func<Action<double, string>, T> work)
    {
        if (quiet) return work((_, _) => { });
        if (Console.IsErrorRedirected || !_error.Profile.Capabilities.Interactive) return WatchPlainly(title, work);
        return _error.Progress().AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context =>
            {
                ProgressTask task = context.AddTask(Markup.Escape(title), maxValue: 1);
                return work((fraction, label) =>
                {
                    task.Description = Markup.Escape($"{title}: {label}");
                    task.Value = fraction;
                });
            });
    }

    private static T WatchPlainly<T>(string title, Func<Action<double, string>, T> work)
    {
        var clock = Stopwatch.StartNew();
        long nextReport = FirstReport.Ticks;
        return work((fraction, label) =>
        {
            long now = clock.Elapsed.Ticks, due = Volatile.Read(ref nextReport);
            if (now < due || Interlocked.CompareExchange(ref nextReport, now + ReportInterval.Ticks, due) != due) return;
            string left = fraction > 0.01 ? $", {Duration(clock.Elapsed.TotalSeconds * (1 - fraction) / fraction)} left" : "";
            Console.Error.WriteLine($"{title}: {label}, {(fraction * 100).ToString("F0", CultureInfo.InvariantCulture)} %{left}");
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
    internal static string Memory(double bytes) => bytes < 1e9
        ? $"{(bytes / 1e6).ToString("F0", CultureInfo.InvariantCulture)} MB"
        : $"{(bytes / 1e9).ToString("F2", CultureInfo.InvariantCulture)} GB";
}
