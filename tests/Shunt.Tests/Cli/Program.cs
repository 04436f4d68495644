using System.Diagnostics;
using System.Text;

namespace Shunt.Tests.Cli;

/// <summary>What a finished program left behind.</summary>
internal sealed record Outcome(int ExitCode, string Output, string Error)
{
    internal string[] OutputLines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    internal string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>The built program, run as a process in a folder of its own.</summary>
internal sealed class Program : IDisposable
{
    /// <summary>How long what is awaited may take, and how long the program may say nothing before it ends.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>How long it may take to end; that depends on what else the machine does.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    internal Program()
    {
        Folder = Directory.CreateTempSubdirectory("shunt-cli-").FullName;
        Write("tiny.yaml", Tiny);
    }

    /// <summary>A network that fires and takes milliseconds.</summary>
    internal const string Tiny = """
        name: tiny
        populations: {E: {size: 80}, I: {size: 20}}
        coupling: {K: 16, gamma: 0.25, a: 0.01, g: 10}
        input: {rate: 250 Hz}
        delays: {E: 0..4 ms, I: 0..1 ms}
        simulation: {dt: 0.1 ms, warmup: 0.05 s, duration: 0.2 s, seed: 1}
        """;

    /// <summary>Path of the program.</summary>
    internal static string Assembly { get; } = Path.Combine(AppContext.BaseDirectory, "shunt.dll");

    /// <summary>The runtime's program, where this process would find it: the started one may be given another path.</summary>
    private static string Dotnet { get; } =
        Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Select(d => Path.Combine(d, "dotnet")).First(File.Exists);

    /// <summary>Where it runs.</summary>
    internal string Folder { get; }

    internal IEnumerable<string> Files => Directory.EnumerateFileSystemEntries(Folder, "*", SearchOption.AllDirectories)
        .Select(f => Path.GetRelativePath(Folder, f).Replace('\\', '/')).Order(StringComparer.Ordinal);

    internal string PathOf(string relative) => Path.Combine(Folder, relative);

    internal void Write(string relative, string text) => File.WriteAllText(PathOf(relative), text + "\n");

    internal string Read(string relative) => File.ReadAllText(PathOf(relative));

    internal Outcome Run(params string[] arguments)
    {
        using Running running = Start(arguments);
        return running.Wait();
    }

    internal Running Start(params string[] arguments) => Start(new Dictionary<string, string>(), arguments);

    internal Running Start(IReadOnlyDictionary<string, string> environment, params string[] arguments) => new(Folder, environment, [Dotnet, Assembly, .. arguments]);

    /// <summary>Starts a launcher that starts the program.</summary>
    internal Running Launch(IReadOnlyDictionary<string, string> environment, string[] launcher, params string[] arguments) =>
        new(Folder, environment, [.. launcher, "dotnet", Assembly, .. arguments]);

    /// <summary>Starts a command, waits until something holds, sends a signal, and waits for the end.</summary>
    internal Outcome Interrupt(string signal, Func<bool> when, string what, params string[] arguments)
    {
        using Running running = Start(arguments);
        running.Until(when, what);
        running.Signal(signal);
        return running.Wait();
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    /// <summary>The program while it runs.</summary>
    internal sealed class Running : IDisposable
    {
        private readonly Process process;
        private readonly StringBuilder output = new(), error = new();
        private long lastWord = Stopwatch.GetTimestamp();

        internal Running(string folder, IReadOnlyDictionary<string, string> environment, string[] command)
        {
            // Tests that were started in the background ignore SIGINT, and whatever they start would inherit that.
            var start = new ProcessStartInfo("env", ["--default-signal=INT", .. command])
            {
                WorkingDirectory = folder,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                StandardOutputEncoding = Encoding.UTF8,
                StandardErrorEncoding = Encoding.UTF8,
            };
            foreach ((string name, string value) in environment) start.Environment[name] = value;
            process = new Process { StartInfo = start };
            process.OutputDataReceived += (_, e) => Append(output, e.Data);
            process.ErrorDataReceived += (_, e) => Append(error, e.Data);
            process.Start();
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
        }

        internal string Error
        {
            get
            {
                lock (error) return error.ToString();
            }
        }

        /// <summary>Sends a signal, for instance <c>INT</c>.</summary>
        internal void Signal(string name)
        {
            using Process kill = Process.Start("kill", [$"-{name}", $"{process.Id}"]);
            kill.WaitForExit();
        }

        /// <summary>Waits until something holds.</summary>
        internal void Until(Func<bool> holds, string what)
        {
            var clock = Stopwatch.StartNew();
            while (!holds())
            {
                if (process.HasExited) throw new InvalidOperationException($"the program ended before {what}: {Error}");
                if (clock.Elapsed > Patience) throw new TimeoutException($"waited in vain for {what}: {Error}");
                Thread.Sleep(5);
            }
        }

        internal Outcome Wait()
        {
            var clock = Stopwatch.StartNew();
            Interlocked.Exchange(ref lastWord, Stopwatch.GetTimestamp());
            while (!process.WaitForExit(TimeSpan.FromSeconds(1)))
            {
                if (clock.Elapsed > Longest || Stopwatch.GetElapsedTime(Interlocked.Read(ref lastWord)) > Patience) throw new TimeoutException($"the program did not end: {Error}");
            }

            process.WaitForExit();
            return new Outcome(process.ExitCode, output.ToString(), Error);
        }

        public void Dispose()
        {
            if (!process.HasExited) process.Kill();
            process.Dispose();
        }

        private void Append(StringBuilder text, string? line)
        {
            if (line is null) return;
            Interlocked.Exchange(ref lastWord, Stopwatch.GetTimestamp());
            lock (text) text.Append(line).Append('\n');
        }
    }
}
