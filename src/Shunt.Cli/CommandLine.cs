using System.CommandLine;

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
}

/// <summary>The command line: names, help and exit codes. What the commands do is in <see cref="Session"/>.</summary>
internal static class CommandLine
{
    /// <summary>The run failed, was stopped, or a check did not hold.</summary>
    internal const int Failed = 1;

    /// <summary>The input was wrong; the message says where and what is allowed.</summary>
    internal const int WrongInput = 2;

    internal static int Invoke(string[] args)
    {
        RootCommand root = Root();
        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (System.CommandLine.Parsing.ParseError error in parsed.Errors) Terminal.Fail(error.Message);
            Console.Error.WriteLine("Try 'shunt --help' or 'shunt COMMAND --help'.");
            return WrongInput;
        }

        return parsed.Invoke(new InvocationConfiguration { ProcessTerminationTimeout = null });
    }

    private static RootCommand Root() => new(
        """
        Theory and simulation of strongly coupled networks of conductance-based neurons.

        An experiment file describes a network; shunt predicts what it does, simulates it, and compares the two:

          shunt run experiments/quickstart.yaml                        predict, simulate, compare, write a report
          shunt theory FILE --sweep "input.rate=5:100:20 Hz"           predictions along an input sweep
          shunt run FILE --set coupling.K=500 --set "neuron.t_ref=1 ms"  change values without editing the file
          shunt estimate FILE                                          memory and time before anything is built

        Exit codes: 0 done; 1 the run failed or was stopped; 2 the input was wrong.
        """)
    {
        Command("run", "Predict, simulate and compare: writes a results folder with report.html, figures, tables and spikes.", Session.Run, simulates: true),
        Command("theory", "Predict only: self-consistent rates, CV and membrane statistics. Writes a folder only with --out.", Session.Theory, simulates: false),
        Command("simulate", "Simulate only; writes a results folder.", Session.Simulate, simulates: true),
        Command("estimate", "Say what a run would take, before anything is built: memory, time, bytes per synapse.", Session.Estimate, simulates: true),
        Completion.Command(),
    };

    private static Command Command(string name, string description, Func<Request, int> action, bool simulates)
    {
        var file = new Argument<string>("FILE") { Description = "Experiment file (YAML); docs/experiment-files.md describes it." };
        file.CompletionSources.Add(context => Completion.Files(context.WordToComplete));
        var set = new Option<string[]>("--set")
        {
            Description = "Change a value: a dotted path into the file and what to put there, for instance coupling.K=500 or \"input.rate=30 Hz\". Repeatable.",
            HelpName = "path=value",
            Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = false,
        };
        var sweep = new Option<string[]>("--sweep")
        {
            Description = "Run many points: path=start:stop:n, evenly spaced, or path=start:stop:n:log, for instance \"input.rate=10:50:5 Hz\". Repeatable; the last varies fastest.",
            HelpName = "path=start:stop:n[:log]",
            Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = false,
        };
        var output = new Option<string?>("--out") { Description = "Folder for the results; must not exist or be empty. Default: results/NAME, or the next free NAME-2, NAME-3, ...", HelpName = "DIR" };
        var seed = new Option<ulong?>("--seed") { Description = "Seed of every random number; the same seed gives the same spikes on any number of threads.", HelpName = "N" };
        var threads = new Option<int>("--threads") { Description = "Threads; 0 uses every core. Never changes a result.", HelpName = "N" };
        threads.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && int.TryParse(result.Tokens[0].Value, out int n) && n < 0) result.AddError($"--threads {n}: must be zero (every core) or more");
        });
        var json = new Option<bool>("--json") { Description = "Write one JSON object per point to standard output and nothing else there; without --out no folder is written." };
        var quiet = new Option<bool>("--quiet") { Description = "No progress and no notes on standard error; warnings and errors stay." };
        var force = new Option<bool>("--force") { Description = "Run even when the estimate says that memory will not suffice." };
        var command = new Command(name, description) { file, set, sweep };
        if (name != "estimate") command.Add(output);
        if (simulates)
        {
            command.Add(seed);
            command.Add(threads);
        }

        command.Add(json);
        command.Add(quiet);
        if (simulates && name != "estimate") command.Add(force);
        command.SetAction(parsed => action(new Request
        {
            File = parsed.GetRequiredValue(file),
            Set = parsed.GetValue(set) ?? [],
            Sweep = parsed.GetValue(sweep) ?? [],
            Out = name == "estimate" ? null : parsed.GetValue(output),
            Seed = simulates ? parsed.GetValue(seed) : null,
            Threads = simulates ? parsed.GetValue(threads) : 0,
            Json = parsed.GetValue(json),
            Quiet = parsed.GetValue(quiet),
            Force = simulates && name != "estimate" && parsed.GetValue(force),
        }));
        return command;
    }
}
