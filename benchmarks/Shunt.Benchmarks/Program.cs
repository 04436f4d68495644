using BenchmarkDotNet.Running;
using Shunt.Benchmarks;

if (args is ["accuracy"]) Accuracy.Write(Console.Out);
else BenchmarkSwitcher.FromAssembly(typeof(EngineKernels).Assembly).Run(args);
