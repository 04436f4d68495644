"""The network of Fig. 4 (K = 1000, a = 1.625e-3, g = 20, independent input, random delays) in Brian2: an independent check of rates and CVs.

Usage: python3 brian2_network.py NU_X_HZ [DURATION_S [DT_MS]]
In-degrees are exact, sources distinct; external arrivals are one Poisson count per neuron and step; input during refractoriness has no effect.
"""
import sys
import tempfile

import numpy as np
from brian2 import (Hz, NeuronGroup, SpikeMonitor, Synapses, defaultclock, ms, run, second, seed, set_device)

nu_x = float(sys.argv[1])
duration = float(sys.argv[2]) if len(sys.argv) > 2 else 2.0
dt = float(sys.argv[3]) if len(sys.argv) > 3 else 0.05
warmup, n_e, n_i, k, gamma, g, a = 0.5, 10000, 2500, 1000, 0.25, 20, 1.625e-3
v_th, v_reset, e_l, e_ex, e_in = -55, -65, -80, 0, -75

set_device('cpp_standalone', directory=tempfile.mkdtemp())
defaultclock.dt = dt * ms
np.random.seed(1)
seed(1)
neurons = NeuronGroup(n_e + n_i, 'dv/dt = (e_l - v) / (20*ms) : 1 (unless refractory)', threshold='v >= v_th', reset='v = v_reset',
                      refractory=2 * ms, method='exact',
                      namespace=dict(e_l=e_l, v_th=v_th, v_reset=v_reset, e_ex=e_ex, a=a, mean=k * nu_x * dt * 1e-3))
neurons.v = 'v_reset + (v_th - v_reset) * rand()'
neurons.run_regularly('v = e_ex + (v - e_ex) * (1 - a) ** (poisson(mean) * int(not_refractory))', dt=dt * ms, when='synapses')


def connect(source, in_degree, efficacy, reversal, delay):
    """Draws exactly in_degree distinct sources for every neuron."""
    targets = len(neurons)
    i = np.concatenate([np.random.choice(len(source), in_degree, replace=False) for _ in range(targets)]).astype(np.int32)
    j = np.repeat(np.arange(targets, dtype=np.int32), in_degree)
    order = np.argsort(i, kind='stable')
    synapses = Synapses(source, neurons, on_pre='v_post += int(not_refractory_post) * efficacy * (reversal - v_post)',
                        namespace=dict(efficacy=efficacy, reversal=reversal))
    synapses.connect(i=i[order], j=j[order])
    synapses.delay = f'rand() * {delay} * ms'
    return synapses


excitation = connect(neurons[:n_e], k, a, e_ex, 10)
inhibition = connect(neurons[n_e:], int(gamma * k), g * a, e_in, 1)
spikes = SpikeMonitor(neurons)
run(duration * second)

neuron, time = np.array(spikes.i), np.array(spikes.t / second)
measured = time > warmup
for name, first, size in (('E', 0, n_e), ('I', n_e, n_i)):
    inside = measured & (neuron >= first) & (neuron < first + size)
    trains = np.split(time[inside][np.lexsort((time[inside], neuron[inside]))], np.cumsum(np.bincount(neuron[inside] - first, minlength=size))[:-1])
    intervals = [np.diff(t) for t in trains if len(t) > 20]
    cv = np.mean([x.std(ddof=1) / x.mean() for x in intervals]) if intervals else float('nan')
    print(f'{name}: rate {inside.sum() / size / (duration - warmup):.3f} Hz, CV {cv:.3f} over {len(intervals)} neurons')
