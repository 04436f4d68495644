using BenchmarkDotNet.Running;
using Shunt.Benchmarks;

BenchmarkSwitcher.FromAssembly(typeof(EngineKernels).Assembly).Run(args);
