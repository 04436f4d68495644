using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Shunt.Tests.Cli;

/// <summary>A Slurm of one node with four pretended cores: munged, slurmctld and slurmd on the loopback interface, with everything they write in one folder.</summary>
public sealed class SlurmCluster : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly string folder = Directory.CreateTempSubdirectory("shunt-slurm-").FullName;

    public SlurmCluster()
    {
        if (!new[] { "/usr/sbin/munged", "/usr/sbin/slurmctld", "/usr/sbin/slurmd" }.All(File.Exists))
        {
            Missing = "Slurm (slurm-wlm, munge) is not installed";
            return;
        }

        if (Environment.UserName != "root")
        {
            Missing = "slurmd needs root";
            return;
        }

        foreach (string name in (string[])["state", "spool"]) Directory.CreateDirectory(PathOf(name));
        byte[] key = new byte[1024];
        Random.Shared.NextBytes(key);
        File.WriteAllBytes(PathOf("munge.key"), key);
        Call("chmod", "600", PathOf("munge.key"));
        File.WriteAllText(Configuration, $"""
            ClusterName=shunt
            SlurmctldHost=localhost(127.0.0.1)
            SlurmUser=root
            SlurmdUser=root
            AuthType=auth/munge
            AuthInfo=socket={PathOf("munge.sock")}
            CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
            SlurmctldPort={FreePort()}
            SlurmdPort={FreePort()}
            StateSaveLocation={PathOf("state")}
            SlurmdSpoolDir={PathOf("spool")}
            SlurmctldPidFile={PathOf("slurmctld.pid")}
            SlurmdPidFile={PathOf("slurmd.pid")}
            SlurmctldLogFile={PathOf("slurmctld.log")}
            SlurmdLogFile={PathOf("slurmd.log")}
            ProctrackType=proctrack/linuxproc
            TaskPlugin=task/none
            SelectType=select/cons_tres
            SelectTypeParameters=CR_CPU
            SchedulerParameters=sched_interval=1,batch_sched_delay=0
            SlurmdParameters=config_overrides
            ReturnToService=2
            KillWait=2
            NodeName=localhost NodeAddr=127.0.0.1 CPUs=4 RealMemory=16000
            PartitionName=all Nodes=localhost Default=YES MaxTime=INFINITE State=UP

            """);
        Call("munged", "--force", $"--key-file={PathOf("munge.key")}", $"--socket={PathOf("munge.sock")}", $"--pid-file={PathOf("munged.pid")}",
            $"--log-file={PathOf("munged.log")}", $"--seed-file={PathOf("munged.seed")}");
        Call("slurmctld", "-f", Configuration);
        Call("slurmd", "-f", Configuration, "-N", "localhost");
        var clock = Stopwatch.StartNew();
        while (!Call("sinfo", "--noheader", "--format=%t").Contains("idle", StringComparison.Ordinal))
        {
            if (clock.Elapsed > Patience) throw new TimeoutException($"Slurm did not start: {File.ReadAllText(PathOf("slurmctld.log"))}");
            Thread.Sleep(100);
        }
    }

    /// <summary>Why there is none; null when there is one.</summary>
    internal string? Missing { get; }

    /// <summary>What a program needs to find it.</summary>
    internal IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string> { ["SLURM_CONF"] = Configuration };

    private string Configuration => PathOf("slurm.conf");

    public void Dispose()
    {
        foreach (string name in (string[])["slurmd", "slurmctld", "munged"])
        {
            if (!File.Exists(PathOf($"{name}.pid"))) continue;
            using var daemon = Process.GetProcessById(int.Parse(File.ReadAllText(PathOf($"{name}.pid")), System.Globalization.CultureInfo.InvariantCulture));
            daemon.Kill();
            daemon.WaitForExit();
        }

        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Runs a command of Slurm's and returns what it says.</summary>
    internal string Call(string command, params string[] arguments)
    {
        var start = new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true };
        foreach ((string name, string value) in Variables) start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output;
    }

    private string PathOf(string name) => Path.Combine(folder, name);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
