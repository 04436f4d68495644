using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.RegularExpressions;
using Shunt.Experiments;

namespace Shunt.Cli;

/// <summary>What every command that reads an experiment is told.</summary>
internal sealed record Request
{
    internal required string File { get; init; }

    internal required IReadOnlyList<string> Set { get; init; }

    internal required IReadOnlyList<string> Sweep { get; init; }

    internal string? Out { get; init; }

    internal ulong? Seed { get; init; }

    internal int Threads { get; init; }

    internal bool Json { get; init; }

    internal bool Quiet { get; init; }

    internal bool Force { get; init; }

    /// <summary>Whether a command that predicts also simulates.</summary>
    internal bool Simulate { get; init; }

    /// <summary>Ranks that an estimate is for.</summary>
    internal int Ranks { get; init; } = 1;

    /// <summary>The rank whose share is measured; null for none.</summary>
    internal int? Pretend { get; init; }

    /// <summary>Wall time between checkpoints (s); 0 for none.</summary>
    internal double CheckpointSeconds { get; init; }

    /// <summary>The command as it was typed, ready for a shell.</summary>
    internal required string CommandText { get; init; }

    /// <summary>The processes that share the network; null when this one is alone.</summary>
    internal Team? Team { get; init; }
}

/// <summary>What <c>shunt fit</c> is told.</summary>
internal sealed record FitRequest
{
    internal required string File { get; init; }

    internal string? Out { get; init; }

    internal double EpspPerEfficacy { get; init; }

    internal double IpspPerEfficacy { get; init; }

    internal bool IsAdditive { get; init; }

    internal int Resamples { get; init; }

    internal int Seed { get; init; }

    internal bool Json { get; init; }

    internal bool Quiet { get; init; }

    internal required string CommandText { get; init; }
}

/// <summary>What <c>shunt reproduce</c> is told.</summary>
internal sealed record ReproduceRequest
{
    internal required IReadOnlyList<string> Figures { get; init; }

    internal bool Full { get; init; }

    internal string? Out { get; init; }

    internal bool Estimate { get; init; }

    internal string? Gallery { get; init; }

    internal bool Json { get; init; }

    internal bool Quiet { get; init; }

    internal required string CommandText { get; init; }
}

/// <summary>The command line: names, help and exit codes. What the commands do is in <see cref="Session"/>.</summary>
internal static partial class CommandLine
{
    /// <summary>The run failed, was stopped, or a check did not hold.</summary>
    internal const int Failed = 1;

    /// <summary>The input was wrong; the message says where and what is allowed.</summary>
    internal const int WrongInput = 2;

    private const int MostThreads = 1024, MostRanks = 100_000;

    private const string TakesOptions = "--sbatch"; // its value looks like an option

    private const double MostSeconds = 1e6;

    private const int MostResamples = 100_000;

    /// <summary>Runs a command and returns its exit code.</summary>
    /// <param name="args">The words of the command line.</param>
    /// <param name="processes">Processes that have been started together.</param>
    internal static int Invoke(string[] args, int processes = 1)
    {
        RootCommand root = Root(args);
        ParseResult parsed = root.Parse(args);
        if ((Misunderstood(parsed, root) ?? Unshared(parsed, root, processes)) is { } message)
        {
            Console.Error.WriteLine($"shunt: {message}");
            Console.Error.WriteLine(
                $"Try '{(parsed.CommandResult.Command == root ? "shunt" : $"shunt {parsed.CommandResult.Command.Name}")} --help'.");
            return WrongInput;
        }

        return parsed.Invoke(new InvocationConfiguration { ProcessTerminationTimeout = null });
    }

    private static RootCommand Root(string[] args)
    {
        RootCommand root = Commands(args);
        // Windows' spellings of --help would stand first among what the Tab key offers.
        foreach (Option option in root.Options.Where(o => o.Name == "--help"))
        {
            option.Aliases.Clear();
            option.Aliases.Add("-h");
        }

        return root;
    }

    private static RootCommand Commands(string[] args) => new(
        """
        Theory and simulation of strongly coupled networks of conductance-based neurons.

        An experiment file describes a network; shunt predicts what it does, simulates it, and compares the two:

          shunt run experiments/quickstart.yaml                            predict, simulate, compare, write a report
          shunt theory FILE --sweep "input.rate=5:100:20 Hz"               predictions along an input sweep
          shunt run FILE --set coupling.K=500 --set "neuron.t_ref=1 ms"    change values without editing the file
          shunt simulate FILE --json --seed 7                              one line of JSON per point, for scripts
          shunt attribute FILE                                             which approximation makes theory and network differ
          shunt stability FILE                                             growth rates, response and spectra of the asynchronous state
          shunt fit DATA.csv                                               scaling laws fitted to PSP amplitudes against in-degree
          shunt sweep FILE --sweep "input.rate=5:100:20 Hz" --repeat 5     many points, one table; goes on after an interruption
          shunt plot results/NAME-sweep --y rate_hz,cv_isi                 any column of such a table against any axis, with theory
          shunt reproduce fig6 table1                                      figures of the paper, each with a verdict
          shunt estimate FILE                                              memory and time before anything is built
          shunt resume results/quickstart                                  go on with a run that was killed or stopped
          shunt recover results/quickstart                                 only save the spikes of such a run

        Exit codes: 0 done; 1 the run failed or was stopped; 2 the input was wrong.
        """)
    {
        Command("run", "Predict, simulate and compare: writes a results folder with report.html, figures, tables and spikes.", Session.Run, args),
        Command("theory", "Predict only: self-consistent rates, CV and membrane statistics. Writes a folder only with --out.", Session.Theory, args),
        Command("simulate", "Simulate only; writes a results folder.", Session.Simulate, args),
        Command("attribute", "Say which approximation of theory makes it differ from the network: a ladder of theories and simulations.",
            AttributionSession.Attribute, args),
        Command("stability", "Linear response: is the asynchronous state stable with its delays, and what spectrum do its rates have?",
            StabilitySession.Analyse, args),
        Command("estimate", "Say what a run would take, before anything is built: memory, time, bytes per synapse.", EstimateSession.Estimate, args),
        FitCommand(args),
        SweepCommand(args),
        PlotCommand(),
        ReproduceCommand(args),
        ResumeCommand(args),
        RecoverCommand(),
        Completion.Command(),
    };

    private static Command Command(string name, string description, Func<Request, int> action, string[] args)
    {
        bool estimates = name == "estimate", writes = !estimates, hasCheckpoints = name is "run" or "simulate", mayCompare = name == "stability",
            simulates = hasCheckpoints || mayCompare || name == "attribute";
        Argument<string> file = ExperimentArgument();
        Option<string[]> set = Set(), sweep = Repeatable("--sweep", "path=values",
            "Run many points: path=start:stop:n, evenly spaced, path=start:stop:n:log, or path=value,value,..., "
            + "for instance \"input.rate=10:50:5 Hz\". Repeatable; the last varies fastest.");
        var output = new Option<string?>("--out")
        {
            Description = "Folder for the results; must not exist or be empty. Default: results/NAME, or the next free NAME-2, NAME-3, ...",
            HelpName = "DIR",
        };
        Option<ulong?> seed = Seed();
        Option<int> threads = Threads();
        Option<double> checkpoint = Checkpoint();
        var json = new Option<bool>("--json")
        {
            Description = "Write one JSON object per point to standard output and nothing else there"
                + (writes ? "; without --out no folder is written." : "."),
        };
        Option<bool> quiet = Quiet();
        Option<bool> force = Force();
        var compare = new Option<bool>("--simulate") { Description = "Simulate as well, and compare the measured spectrum." };
        Option<int> ranks = Whole("--ranks", 1, MostRanks, "Ranks that share the network, on a cluster (docs/scaling.md); memory and times are those of the largest.", least: 1);
        Option<int?> pretend = new("--pretend")
        {
            Description = "Simulate the share of one rank here, with stand-ins for the spikes of the others, and compare.",
            HelpName = "RANK",
            CustomParser = result => int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int n)
                ? n
                : Wrong<int?>(result, $"--pretend {result.Tokens[0].Value}: must be a rank, counted from 0"),
        };
        var command = new Command(name, description) { file, set, sweep };
        if (writes) command.Add(output);
        command.Add(seed);
        command.Add(threads);
        command.Add(json);
        command.Add(quiet);
        if (hasCheckpoints) command.Add(checkpoint);
        if (mayCompare) command.Add(compare);
        if (simulates) command.Add(force);
        if (estimates) command.Add(ranks);
        if (estimates) command.Add(pretend);
        command.SetAction(parsed => action(new Request
        {
            File = parsed.GetRequiredValue(file),
            Set = parsed.GetValue(set) ?? [],
            Sweep = parsed.GetValue(sweep) ?? [],
            Out = writes ? parsed.GetValue(output) : null,
            Seed = parsed.GetValue(seed),
            Threads = parsed.GetValue(threads),
            Json = parsed.GetValue(json),
            Quiet = parsed.GetValue(quiet),
            Force = simulates && parsed.GetValue(force),
            Simulate = mayCompare && parsed.GetValue(compare),
            Ranks = estimates ? parsed.GetValue(ranks) : 1,
            Pretend = estimates ? parsed.GetValue(pretend) : null,
            CheckpointSeconds = hasCheckpoints ? parsed.GetValue(checkpoint) : 0,
            CommandText = Typed(args),
            Team = RankSession.Team,
        }));
        return command;
    }

    private static Command FitCommand(string[] args)
    {
        var file = new Argument<string>("DATA") { HelpName = "DATA", Description = "CSV with columns kind, K, amplitude (mV) and perhaps sd; docs/fit.md describes it." };
        file.CompletionSources.Add(context => Completion.Files(context.WordToComplete, ".csv"));
        var epsp = Positive("--epsp-per-efficacy", 60, "Amplitude of an EPSP over the efficacy a (mV): the driving force.");
        var ipsp = Positive("--ipsp-per-efficacy", 20, "Amplitude of an IPSP over g a (mV).");
        var additive = new Option<bool>("--additive")
        {
            Description = "Least squares on the amplitude; without it on its logarithm, scatter being a factor.",
        };
        Option<int> resamples = Whole("--resamples", 1000, MostResamples, "Resamples for the 95 % intervals; 0 for none.");
        Option<int> seed = Whole("--seed", 1, int.MaxValue, "Seed of the resamples.");
        var output = new Option<string?>("--out")
        {
            Description = "Folder for fit.csv, curves.csv and the figure; must not exist or be empty. Without it nothing is written.",
            HelpName = "DIR",
        };
        var json = new Option<bool>("--json") { Description = "Write one JSON object to standard output and nothing else there." };
        Option<bool> quiet = Quiet();
        var command = new Command("fit", "Fit the conductance- and current-based scaling laws to PSP amplitudes against in-degree, and compare them.")
        {
            file, output, epsp, ipsp, additive, resamples, seed, json, quiet,
        };
        command.SetAction(parsed => FitSession.Fit(new FitRequest
        {
            File = parsed.GetRequiredValue(file),
            Out = parsed.GetValue(output),
            EpspPerEfficacy = parsed.GetValue(epsp),
            IpspPerEfficacy = parsed.GetValue(ipsp),
            IsAdditive = parsed.GetValue(additive),
            Resamples = parsed.GetValue(resamples),
            Seed = parsed.GetValue(seed),
            Json = parsed.GetValue(json),
            Quiet = parsed.GetValue(quiet),
            CommandText = Typed(args),
        }));
        return command;

        static Option<double> Positive(string name, double initial, string description) => new(name)
        {
            Description = description,
            HelpName = "MV",
            DefaultValueFactory = _ => initial,
            CustomParser = result =>
                double.TryParse(result.Tokens[0].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value)
                && value is > 0 and < MostSeconds
                ? value
                : Wrong<double>(result, $"{name} {result.Tokens[0].Value}: must be a positive number of mV"),
        };
    }

    private static Option<int> Whole(string name, int initial, int most, string description, int least = 0) => new(name)
    {
        Description = description,
        HelpName = "N",
        DefaultValueFactory = _ => initial,
        CustomParser = result =>
            int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n >= least && n <= most
            ? n
            : Wrong<int>(result, $"{name} {result.Tokens[0].Value}: must be a whole number from {least} to {most}"),
    };

    private static Command SweepCommand(string[] args)
    {
        Argument<string> file = ExperimentArgument();
        Option<string[]> set = Set(), sweep = Repeatable("--sweep", "path=values",
            "An axis: path=start:stop:n, evenly spaced; with :log after n in equal ratios, with :random at random; or path=value,value,... "
            + "Repeatable: the points are all combinations, but random axes vary together.");
        Option<int> repeat = Whole("--repeat", 1, 1_000_000, "Repetitions of every point, with seeds counted up from the experiment's.", least: 1);
        Option<int> drawSeed = Whole("--draw-seed", 1, int.MaxValue, "Seed of random axes.");
        var only = new Option<string?>("--only") { Description = "Only theory, or only simulation; both if left out.", HelpName = "theory|simulation" };
        only.AcceptOnlyFromAmong("theory", "simulation");
        var output = new Option<string?>("--out")
        {
            Description = "Folder of the sweep: table.csv and table.parquet, one row a point. What is finished there is not computed again. Default: results/NAME-sweep.",
            HelpName = "DIR",
        };
        var update = new Option<bool>("--update") { Description = "Go on although points of the folder do not belong to this sweep any more; what still belongs is kept." };
        var estimate = new Option<bool>("--estimate") { Description = "Only say what it would take." };
        var slurm = new Option<bool>("--slurm") { Description = "Submit the points that are left as an array job of Slurm, and collect their results; --threads are the cores of a task. docs/cluster.md describes it." };
        var print = new Option<bool>("--print") { Description = "Only print the script of that job." };
        Option<int> tasks = Whole("--tasks", 100, 100_000, "Most tasks of that job.", least: 1);
        var sbatch = new Option<string?>(TakesOptions) { Description = "Options of that job, for instance \"--time=2:00:00 --partition=long\".", HelpName = "OPTIONS" };
        var part = new Option<string?>("--part") { Description = "Compute the share of one task of that job.", HelpName = "K/N", Hidden = true };
        part.Validators.Add(result =>
        {
            if (PartOf(result.Tokens[0].Value) is null) result.AddError($"--part {result.Tokens[0].Value}: must be K/N, task K of N");
        });
        Option<ulong?> seed = Seed();
        var threads = Threads("Threads of all points together; 0 uses every core. Never changes a result.");
        var json = new Option<bool>("--json") { Description = "Write one JSON object per point to standard output, as it is finished, and nothing else there." };
        Option<bool> quiet = Quiet(), force = Force();
        var command = new Command("sweep",
            "Run many points into one table. Killed or stopped at any moment, the same command goes on where it was; a point that fails does not stop the rest.")
        {
            file, set, sweep, repeat, drawSeed, only, output, update, estimate, seed, threads, slurm, print, tasks, sbatch, part, json, quiet, force,
        };
        command.SetAction(parsed => SweepSession.Sweep(new SweepRequest
        {
            File = parsed.GetRequiredValue(file),
            Set = parsed.GetValue(set) ?? [],
            Sweep = parsed.GetValue(sweep) ?? [],
            Repeat = parsed.GetValue(repeat),
            DrawSeed = (ulong)parsed.GetValue(drawSeed),
            Content = parsed.GetValue(only) switch { "theory" => SweepContent.Theory, "simulation" => SweepContent.Simulation, _ => SweepContent.Both },
            Out = parsed.GetValue(output),
            Update = parsed.GetValue(update),
            Estimate = parsed.GetValue(estimate),
            Slurm = parsed.GetValue(slurm),
            Print = parsed.GetValue(print),
            Tasks = parsed.GetValue(tasks),
            Sbatch = parsed.GetValue(sbatch) ?? "",
            Part = parsed.GetValue(part) is { } share ? PartOf(share) : null,
            TaskArguments = [.. Without(args, slurm, print, tasks, sbatch, threads, json, quiet, update)],
            Seed = parsed.GetValue(seed),
            Threads = parsed.GetValue(threads),
            Json = parsed.GetValue(json),
            Quiet = parsed.GetValue(quiet),
            Force = parsed.GetValue(force),
            CommandText = Typed(args),
        }));
        return command;

        static (int Task, int Tasks)? PartOf(string text) =>
            text.Split('/') is [var k, var n] && int.TryParse(k, NumberStyles.None, CultureInfo.InvariantCulture, out int task)
            && int.TryParse(n, NumberStyles.None, CultureInfo.InvariantCulture, out int all) && task >= 1 && task <= all ? (task, all) : null;
    }

    // the words of a command line without some options and their values
    private static IEnumerable<string> Without(string[] args, params Option[] options)
    {
        HashSet<string> names = [.. options.Select(o => o.Name)];
        for (int i = 0; i < args.Length; i++)
        {
            string name = args[i].Split('=', 2)[0];
            if (!names.Contains(name)) yield return args[i];
            else if (name == args[i] && options.First(o => o.Name == name).ValueType != typeof(bool)) i++;
        }
    }

    private static Command PlotCommand()
    {
        var table = new Argument<string>("TABLE") { HelpName = "TABLE", Description = "Folder of a sweep, or a CSV file with a header." };
        table.CompletionSources.Add(context => Completion.Files(context.WordToComplete, ".csv"));
        var x = new Option<string?>("--x") { Description = "What to draw against: an axis of the sweep, or a column. Default: the first axis.", HelpName = "COLUMN" };
        Option<string[]> y = Names("--y", "What to draw: a quantity of the populations (rate_hz, cv_isi, mean_v_mV, sd_v_mV, tau_ms, mu_mV, ...), with theory, or a column; a panel each. Default: rate_hz.");
        Option<string[]> group = Names("--group", "Columns whose values get a curve each. Default: the other axes.");
        Option<string[]> population = Names("--population", "Populations to draw. Default: all.");
        Option<string[]> where = Repeatable("--where", "column=value", "Only rows with this value. Repeatable.");
        var logX = new Option<bool>("--log-x") { Description = "Logarithmic horizontal axis." };
        var logY = new Option<bool>("--log-y") { Description = "Logarithmic vertical axes." };
        var output = new Option<string?>("--out")
        {
            Description = "File to write: .png, .pdf or .svg. Default: all three in the folder figures beside the table.",
            HelpName = "FILE",
        };
        Option<bool> quiet = Quiet();
        var command = new Command("plot", "Draw any column of a sweep's table against any axis, with theory.") { table, x, y, group, population, where, logX, logY, output, quiet };
        command.SetAction(parsed => PlotSession.Plot(new PlotRequest
        {
            Table = parsed.GetRequiredValue(table),
            X = parsed.GetValue(x),
            Y = Split(parsed.GetValue(y)) is { Length: > 0 } named ? named : ["rate_hz"],
            Group = Split(parsed.GetValue(group)) is { Length: > 0 } groups ? groups : null,
            Population = Split(parsed.GetValue(population)),
            Where = parsed.GetValue(where) ?? [],
            IsLogX = parsed.GetValue(logX),
            IsLogY = parsed.GetValue(logY),
            Out = parsed.GetValue(output),
            Quiet = parsed.GetValue(quiet),
        }));
        return command;

        static Option<string[]> Names(string name, string description) => Repeatable(name, "NAME,...", description);
        static string[] Split(string[]? words) => [.. (words ?? []).SelectMany(w => w.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];
    }

    private static Command ReproduceCommand(string[] args)
    {
        var figures = new Argument<string[]>("FIGURE")
        {
            HelpName = "FIGURE",
            Arity = ArgumentArity.OneOrMore,
            Description = "fig1 to fig15, table1, all, or a figure file of your own (YAML); docs/figures.md describes it.",
        };
        figures.CompletionSources.Add(_ => ReproduceSession.Names);
        figures.CompletionSources.Add(context => Completion.Files(context.WordToComplete));
        var full = new Option<bool>("--full") { Description = "The paper's sizes and durations. Ask --estimate first." };
        var estimate = new Option<bool>("--estimate") { Description = "Only say how long it would take." };
        var output = new Option<string?>("--out")
        {
            Description = "Folder for figures, tables and finished points; what is finished there is not computed again. Default: results/reproduce, "
                + "with --full results/reproduce-full.",
            HelpName = "DIR",
        };
        var gallery = new Option<string?>("--gallery") { Description = "Also write a page with all figures and verdicts (Markdown).", HelpName = "FILE" };
        var json = new Option<bool>("--json") { Description = "Write one JSON object per verdict to standard output and nothing else there." };
        Option<bool> quiet = Quiet();
        var command = new Command("reproduce",
            "Make figures of the paper, or of your own: computes what they draw, and compares it with references. Exit code 1 if a verdict fails.")
        {
            figures, full, estimate, output, gallery, json, quiet,
        };
        command.SetAction(parsed => ReproduceSession.Reproduce(new ReproduceRequest
        {
            Figures = parsed.GetRequiredValue(figures),
            Full = parsed.GetValue(full),
            Out = parsed.GetValue(output),
            Estimate = parsed.GetValue(estimate),
            Gallery = parsed.GetValue(gallery),
            Json = parsed.GetValue(json),
            Quiet = parsed.GetValue(quiet),
            CommandText = Typed(args),
        }));
        return command;
    }

    private static Command ResumeCommand(string[] args)
    {
        var folder = new Argument<string>("DIR")
        {
            Description = "Results folder of a run that was killed or stopped, or folder of one point of a sweep.",
        };
        Option<int> threads = Threads();
        Option<double> checkpoint = Checkpoint();
        var json = new Option<bool>("--json") { Description = "Write one JSON object to standard output and nothing else there." };
        Option<bool> quiet = Quiet(), force = Force();
        var command = new Command("resume",
            "Go on with a run that was killed or stopped, from its last checkpoint, and write its results: the same as without the interruption.")
        {
            folder, threads, json, quiet, checkpoint, force,
        };
        command.SetAction(parsed => Session.Resume(new Request
        {
            File = parsed.GetRequiredValue(folder),
            Set = [],
            Sweep = [],
            Threads = parsed.GetValue(threads),
            Json = parsed.GetValue(json),
            Quiet = parsed.GetValue(quiet),
            Force = parsed.GetValue(force),
            CheckpointSeconds = parsed.GetValue(checkpoint),
            CommandText = Typed(args),
            Team = RankSession.Team,
        }));
        return command;
    }

    private static string Typed(string[] args) => string.Join(' ', args.Prepend("shunt").Select(Quoted));

    private static Argument<string> ExperimentArgument()
    {
        var file = new Argument<string>("FILE") { HelpName = "FILE", Description = "Experiment file (YAML); docs/experiment-files.md describes it." };
        file.CompletionSources.Add(context => Completion.Files(context.WordToComplete));
        return file;
    }

    private static Option<string[]> Set() => Repeatable("--set", "path=value",
        "Change a value: a dotted path into the file and what to put there, for instance coupling.K=500 or \"input.rate=30 Hz\". Repeatable.");

    private static Option<string[]> Repeatable(string name, string form, string description) => new(name)
    {
        Description = description,
        HelpName = form,
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };

    private static Option<ulong?> Seed() => new("--seed")
    {
        Description = "Seed of every random number; the same seed gives the same spikes on any number of threads.",
        HelpName = "N",
        CustomParser = result => ulong.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong n)
            ? n
            : Wrong<ulong?>(result, $"--seed {result.Tokens[0].Value}: must be a whole number from 0 to {ulong.MaxValue}"),
    };

    private static Option<int> Threads(string description = "Threads; 0 uses every core. Never changes a result.") => new("--threads")
    {
        Description = description,
        HelpName = "N",
        CustomParser = result =>
            int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n <= MostThreads
            ? n
            : Wrong<int>(result, $"--threads {result.Tokens[0].Value}: must be a whole number from 0 (every core) to {MostThreads}"),
    };

    private static Option<double> Checkpoint() => new("--checkpoint")
    {
        Description = "Seconds between checkpoints, from which 'shunt resume' can go on; 0 writes none.",
        HelpName = "SECONDS",
        DefaultValueFactory = _ => 60,
        CustomParser = result =>
            double.TryParse(result.Tokens[0].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds)
            && seconds <= MostSeconds
            ? seconds
            : Wrong<double>(result, $"--checkpoint {result.Tokens[0].Value}: must be a number of seconds from 0 (none) to {MostSeconds:F0}"),
    };

    private static Option<bool> Quiet() => new("--quiet") { Description = "No progress and no notes on standard error; warnings and errors stay." };

    private static Option<bool> Force() => new("--force") { Description = "Run even when the estimate says that memory will not suffice." };

    private static Command RecoverCommand()
    {
        var folder = new Argument<string>("DIR") { Description = "Results folder of a run that was killed, or whose disk was full." };
        var command = new Command("recover",
            "Turn the recording that a killed run has left (spikes.spool) into spikes.h5, in the folder and in its points.") { folder };
        command.SetAction(parsed => Session.Recover(parsed.GetRequiredValue(folder)));
        return command;
    }

    /// <summary>What the first word that cannot be understood should have been; null when all is well.</summary>
    private static string? Misunderstood(ParseResult parsed, RootCommand root)
    {
        Command command = parsed.CommandResult.Command;
        if (command == root)
        {
            if (parsed.Errors.Count == 0) return null;
            string[] commands = [.. root.Subcommands.Select(c => c.Name)];
            if (parsed.UnmatchedTokens is not [{ } word, ..]) return $"no command; there are {string.Join(", ", commands)}";
            return word.StartsWith('-') ? Unknown("option", word, OptionNames(root)) : Unknown("command", word, commands);
        }

        // The parser takes an unknown option for an argument, so that one may stand where the file is expected.
        Token[] tokens = [.. parsed.Tokens.TakeWhile(t => t.Type != TokenType.DoubleDash)];
        if (tokens.Where((t, i) => t.Type == TokenType.Argument && LooksLikeOption().IsMatch(t.Value) && !(i > 0 && tokens[i - 1].Value == TakesOptions))
            .FirstOrDefault() is { } option)
            return $"{command.Name}: {Unknown("option", option.Value, OptionNames(command))}";
        if (parsed.UnmatchedTokens is [{ } extra, ..])
            return $"{command.Name}: '{extra}' is one word too many; values with spaces need quotes, for instance --set \"input.rate=30 Hz\"";
        return parsed.Errors is [{ } error, ..] ? error.Message : null;
    }

    /// <summary>Why a command cannot be run by several processes; null when it can.</summary>
    private static string? Unshared(ParseResult parsed, RootCommand root, int processes)
    {
        string name = parsed.CommandResult.Command.Name;
        if (processes == 1 || parsed.CommandResult.Command == root || name is "run" or "simulate" or "resume") return null;
        return $"{name}: was started as {processes} processes, but uses one; those that share a network are run, simulate and resume"
            + (name == "sweep" ? ", and many points go to a cluster with --slurm" : "");
    }

    private static string Unknown(string what, string word, IReadOnlyList<string> allowed) => Spelling.Nearest(word, allowed) is { } near
        ? $"unknown {what} '{word}'; did you mean '{near}'?"
        : $"unknown {what} '{word}'; there are {string.Join(", ", allowed)}";

    private static string[] OptionNames(Command command) => [.. command.Options.Where(o => !o.Hidden).Select(o => o.Name).Append("--help").Distinct()];

    private static T? Wrong<T>(ArgumentResult result, string message)
    {
        result.AddError(message);
        return default;
    }

    internal static string Quoted(string word) =>
        PlainWord().IsMatch(word) ? word : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    [GeneratedRegex(@"^[\w./:=,+@%-]+$")]
    private static partial Regex PlainWord();

    [GeneratedRegex(@"^--?[A-Za-z]")]
    private static partial Regex LooksLikeOption();
}
