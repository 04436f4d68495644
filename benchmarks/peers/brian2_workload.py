"""One of three benchmark networks in Brian2 (C++ standalone, one thread, gcc -O3 -march=native), timed.

Usage:  /usr/bin/python3 brian2_workload.py W1|W2|W3 [as-written|sorted] [--method M] [--duration S] [--seed N] [--build DIR]

Prints one line: workload, variant, CPU seconds of the simulation loop alone (Brian's own measure of the last run: std::clock around the loop, so
process CPU time without code generation, compilation, drawing of the network and loading of arrays), mean rate of the E neurons and mean CV of
their intervals (neurons with at least 10 spikes), both from 0.5 s to the end.

as-written  synapses in the order of Synapses.connect(i=sources, j=targets), target by target, as fixed in-degrees are drawn;
sorted      the same synapses ordered by source, so that the synapses of one spike lie side by side.
W3 draws its synapses with connect(p=0.02), which orders them by source: both variants are the same program there.
"""
import argparse
import shutil
import tempfile
import warnings

warnings.filterwarnings('ignore')
import numpy as np
from brian2 import (Hz, Network, NeuronGroup, PoissonInput, SpikeMonitor, Synapses, defaultclock, device, ms, prefs, second, seed, set_device)

WARMUP = 0.5  # s, left out of rate and CV
MODEL = dict(tau=20 * ms, e_l=-80.0, e_e=0.0, e_i=-75.0, theta=-55.0, v_r=-65.0, a=1.6e-3, ga=20 * 1.6e-3)  # voltages are plain numbers, mV
K, K_I = 1000, 250  # in-degrees, E (and external) and I


def draw(sources, targets, in_degree, by_source):
    """Source and target of every synapse: exactly in_degree distinct sources for each target."""
    rng = np.random.default_rng(np.random.randint(2**31))
    i = np.concatenate([rng.choice(sources, in_degree, replace=False, shuffle=False) for _ in range(targets)]).astype(np.int32)
    j = np.repeat(np.arange(targets, dtype=np.int32), in_degree)
    if by_source:
        order = np.argsort(i, kind='stable')
        i, j = i[order], j[order]
    return i, j


def connect(source, target, in_degree, on_pre, delay, by_source):
    synapses = Synapses(source, target, on_pre=on_pre, namespace=MODEL)
    i, j = draw(len(source), len(target), in_degree, by_source)
    synapses.connect(i=i, j=j)
    synapses.delay = delay
    return synapses


def w1(by_source, _):
    """Fig. 4: jumps of V, private Poisson input, random delays. (unless refractory) also blocks the jumps during refractoriness."""
    defaultclock.dt = 0.05 * ms
    n_e, n_i, nu_x = 10000, 2500, 25 * Hz
    neurons = NeuronGroup(n_e + n_i, 'dv/dt = (e_l - v) / tau : 1 (unless refractory)', threshold='v >= theta', reset='v = v_r',
                          refractory=2 * ms, method='exact', namespace=dict(MODEL, mean=float(K * nu_x * defaultclock.dt)))
    neurons.v = 'v_r + (theta - v_r) * rand()'
    # n arrivals in one step: (1 - a)^n to second order (error below 1e-7), which is cheaper than a power
    neurons.run_regularly('n = poisson(mean)\nv += a * n * (1 - 0.5 * a * (n - 1)) * (e_e - v)', dt=defaultclock.dt, when='synapses')
    excitation = connect(neurons[:n_e], neurons, K, 'v_post += a * (e_e - v_post)', 'rand() * 10*ms', by_source)
    inhibition = connect(neurons[n_e:], neurons, K_I, 'v_post += ga * (e_i - v_post)', 'rand() * 1*ms', by_source)
    return [neurons, excitation, inhibition], neurons[:n_e]


def w2(by_source, method):
    """Fig. 6: exponential conductances in units of g_L, jump a tau_L / tau_S, constant delay."""
    defaultclock.dt = 0.1 * ms
    n_e, n_i, nu_x = 10000, 10000, 20 * Hz
    tau_s = 1 * ms
    neurons = NeuronGroup(n_e + n_i, '''dv/dt = (e_l - v + g_e * (e_e - v) + g_i * (e_i - v)) / tau : 1 (unless refractory)
                                        dg_e/dt = -g_e / tau_s : 1
                                        dg_i/dt = -g_i / tau_s : 1''', threshold='v >= theta', reset='v = v_r',
                          refractory=2 * ms, method=method, namespace=dict(MODEL, tau_s=tau_s))
    neurons.v = 'v_r + (theta - v_r) * rand()'
    jump = float(MODEL['a'] * MODEL['tau'] / tau_s)
    external = PoissonInput(neurons, 'g_e', N=K, rate=nu_x, weight=jump)
    excitation = connect(neurons[:n_e], neurons, K, f'g_e_post += {jump!r}', 1 * ms, by_source)
    inhibition = connect(neurons[n_e:], neurons, K_I, f'g_i_post += {20 * jump!r}', 1 * ms, by_source)
    return [neurons, external, excitation, inhibition], neurons[:n_e]


def w3(_, method):
    """Vogels and Abbott (2005), the network of the simulator review (Brette et al. 2007, benchmark 1), with a delay of 0.8 ms."""
    defaultclock.dt = 0.1 * ms
    neurons = NeuronGroup(4000, '''dv/dt = (e_l - v + g_e * (e_e - v) + g_i * (e_i - v) + drive) / tau : 1 (unless refractory)
                                   dg_e/dt = -g_e / tau_e : 1
                                   dg_i/dt = -g_i / tau_i : 1''', threshold='v > theta', reset='v = e_l', refractory=5 * ms, method=method,
                          namespace=dict(tau=20 * ms, tau_e=5 * ms, tau_i=10 * ms, e_l=-60.0, e_e=0.0, e_i=-80.0, theta=-50.0, drive=20.0))
    neurons.v = 'e_l + (theta - e_l) * rand()'
    excitation = Synapses(neurons[:3200], neurons, on_pre='g_e_post += 0.4', delay=0.8 * ms)
    inhibition = Synapses(neurons[3200:], neurons, on_pre='g_i_post += 5.1', delay=0.8 * ms)
    excitation.connect(p=0.02)
    inhibition.connect(p=0.02)
    return [neurons, excitation, inhibition], neurons[:3200]


def rate_and_cv(monitor, size, duration):
    """Mean rate (spk/s) and mean CV of the intervals from WARMUP to duration."""
    neuron, time = np.array(monitor.i), np.array(monitor.t / second)
    neuron, time = neuron[time > WARMUP], time[time > WARMUP]
    order = np.lexsort((time, neuron))
    trains = np.split(time[order], np.cumsum(np.bincount(neuron, minlength=size))[:-1])
    intervals = [np.diff(train) for train in trains if len(train) >= 10]
    cv = np.mean([x.std(ddof=1) / x.mean() for x in intervals]) if intervals else float('nan')
    return (len(time) / size / (duration - WARMUP) if duration > WARMUP else float('nan')), cv


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('workload', choices=['W1', 'W2', 'W3'])
    parser.add_argument('variant', nargs='?', default='as-written', choices=['as-written', 'sorted'])
    parser.add_argument('--duration', type=float, help='simulated seconds (2, 2 and 10)')
    parser.add_argument('--method', default='euler', choices=['euler', 'exponential_euler'], help="of W2 and W3; euler is what Brian2 picks by itself")
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--build', help='keep the generated program here (default: a temporary folder, removed)')
    options = parser.parse_args()
    duration = options.duration or {'W1': 2.0, 'W2': 2.0, 'W3': 10.0}[options.workload]

    folder = options.build or tempfile.mkdtemp(prefix='brian2_')
    prefs.codegen.cpp.extra_compile_args_gcc = ['-w', '-O3', '-march=native', '-ffast-math', '-fno-finite-math-only', '-std=c++11']  # Brian's own
    prefs.devices.cpp_standalone.openmp_threads = 0
    prefs.devices.cpp_standalone.extra_make_args_unix = ['-j1']
    set_device('cpp_standalone', directory=folder, build_on_run=False)
    np.random.seed(options.seed)
    seed(options.seed)
    try:
        objects, excitatory = {'W1': w1, 'W2': w2, 'W3': w3}[options.workload](options.variant == 'sorted', options.method)
        monitor = SpikeMonitor(excitatory)
        network = Network(*objects, monitor)
        network.run(duration * second, namespace={})
        device.build(directory=folder, compile=True, run=True)
        rate, cv = rate_and_cv(monitor, len(excitatory), duration)
        print(f'{options.workload} Brian2 {options.variant}: loop {device._last_run_time:.2f} CPU s for {duration:g} s, '
              f'E rate {rate:.2f} spk/s, CV {cv:.3f}', flush=True)
    finally:
        if not options.build:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == '__main__':
    main()
