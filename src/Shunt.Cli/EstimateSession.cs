using Shunt.Experiments;
using Shunt.Simulation;
using Shunt.Theory;

namespace Shunt.Cli;

/// <summary><c>shunt estimate</c>: what points would take, on one process or on many, and what the share of one of many takes here.</summary>
internal static class EstimateSession
{
    internal static int Estimate(Request request) => Session.Guard(() =>
    {
        var terminal = new Terminal(request.Quiet, request.Json);
        ExperimentGrid grid = Session.Read(request);
        if (request.Pretend is { } rank && (request.Ranks == 1 || rank >= request.Ranks))
        {
            terminal.Fail(request.Ranks > 1
                ? $"--pretend {rank}: must be a rank from 0 to {request.Ranks - 1}, as --ranks {request.Ranks} says"
                : $"--pretend {rank}: needs --ranks, the number of ranks that share the network");
            return CommandLine.WrongInput;
        }

        if (request.Ranks > 1 && grid.Points.FirstOrDefault(p => p.Simulation.Engine == Engine.Events) is not null)
            throw new SimulationException("simulation.engine: events: runs in one process; use the grid, or leave out --ranks");
        return request.Pretend is not null ? Pretend(request, grid, terminal) : Estimate(request, grid, terminal);
    });

    private static int Estimate(Request request, ExperimentGrid grid, Terminal terminal)
    {
        var rows = new List<IReadOnlyList<string>>();
        foreach (Experiment point in grid.Points)
        {
            MemoryCheck check = PointRunner.Estimate(point, PointRunner.Predict(point), request.Ranks);
            terminal.AnswerJson(EstimateJson.Write(point, check));
            CostEstimate e = check.Estimate;
            List<string> row =
            [
                Answer.Describe(point), Terminal.Count(e.Synapses), Terminal.Ratio(e.BytesPerSynapse), Terminal.Memory(e.MemoryBytes), check.Fits ? "yes" : "NO",
                Terminal.Duration(e.BuildSeconds), Terminal.Duration(e.SimulationSeconds),
            ];
            rows.Add(e.Exchange is { } x
                ? [.. row, Terminal.Duration(x.CodingSeconds + x.NetworkSeconds), Terminal.Count(x.Exchanges), Terminal.Memory(x.BytesReceived / x.Exchanges)]
                : [.. row, Terminal.Count(e.SynapticEvents), Terminal.Count(e.InputEvents)]);
        }

        string[] header = ["point", "synapses", "bytes each", "memory", "fits", "build", "simulation"];
        terminal.AnswerTable(
            request.Ranks > 1 ? [.. header[..3], "a rank's memory", "fits here", .. header[5..], "of it exchange", "exchanges", "received in each"]
                : [.. header, "synaptic events", "input events"],
            rows, 1);
        return terminal.CouldAnswer ? 0 : CommandLine.Failed;
    }

    private static int Pretend(Request request, ExperimentGrid grid, Terminal terminal)
    {
        using var stop = new StopSignal(terminal);
        foreach (Experiment point in grid.Points)
        {
            int rank = request.Pretend!.Value;
            MeanFieldSolution theory = PointRunner.Predict(point);
            MemoryCheck check = PointRunner.Estimate(point, theory, request.Ranks, rank);
            if (!check.Fits)
                throw new SimulationException(
                    $"the share of rank {rank} needs {Terminal.Memory(check.Estimate.MemoryBytes)}, and {Terminal.Memory(check.AvailableBytes)} are available");
            PretendedRun run = null!;
            terminal.Watch($"rank {rank} of {request.Ranks}", report => run = PointRunner.Pretend(
                point, theory, rank, request.Ranks, p => report(p.Stage == RunStage.Wiring ? p.Fraction / 2 : 0.5, p.Stage == RunStage.Wiring ? "wiring" : "simulating"), stop.Token));
            terminal.AnswerJson(EstimateJson.Write(point, check, run));
            terminal.Answer($"{Answer.Describe(point)}: rank {rank} of {request.Ranks}, alone on this machine");
            CostEstimate e = check.Estimate;
            Performance p = run.Performance;
            ExchangeEstimate expected = e.Exchange!;
            ExchangeCounters measured = run.Counters.Exchange!;
            double Each(double all) => all / measured.Exchanges;
            terminal.AnswerTable(
                ["", "estimate", "measured"],
                [
                    ["rate of its neurons (Hz)", Terminal.Ratio(run.ExpectedRate), Terminal.Ratio(run.Rate)],
                    ["memory", Terminal.Memory(e.MemoryBytes), Terminal.Memory(p.PeakResidentMegabytes * 1e6)],
                    ["build", Terminal.Duration(e.BuildSeconds), Terminal.Duration(p.BuildSeconds)],
                    ["simulation, without the network", Terminal.Duration(e.SimulationSeconds - expected.NetworkSeconds), Terminal.Duration(p.SimulationSeconds)],
                    ["of it coding and decoding spikes", Terminal.Duration(expected.CodingSeconds), Terminal.Duration(measured.CodingSeconds)],
                    ["sent in each exchange", Terminal.Memory(expected.BytesSent / expected.Exchanges), Terminal.Memory(Each(measured.BytesSent))],
                    ["received in each exchange", Terminal.Memory(expected.BytesReceived / expected.Exchanges), Terminal.Memory(Each(measured.BytesReceived))],
                ],
                1);
        }

        return terminal.CouldAnswer ? 0 : CommandLine.Failed;
    }
}
