// Three benchmark networks in Auryn 8.3 (one rank), timed.
//
// Usage:  auryn_workloads W1|W2|W3 [seconds to simulate [seed]]        (auryn.sh builds and runs it)
//
// Prints one line: workload, CPU seconds of the simulation loop (process CPU time around System::run), mean rate of the E neurons and mean CV of
// their intervals (neurons with at least 10 spikes), both from 0.5 s to the end.
//
// Auryn's own parts are used wherever there is one (SparseConnection, PoissonStimulator, TIFGroup, SpikingGroup's delay line). Added here:
//  - DeltaConductanceGroup: a neuron whose synapses make V jump by a (E - V), which Auryn lacks;
//  - ConductanceGroup: TIFGroup with a reset that differs from the resting potential;
//  - DelayedConnection: a SparseConnection with a delay of its own, read from the source's delay line (Auryn has one delay per source group).
//    Random delays become 20 classes of 0.5 ms (E) and 4 of 0.25 ms (I). With more than one rank such delays would have to exceed MINDELAY.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <random>
#include <stdexcept>
#include "auryn.h"

using namespace auryn;

namespace {

const double warmup = 0.5;                                                                            // s
const float tau_mem = 20e-3f, e_leak = -80e-3f, e_exc = 0, e_inh = -75e-3f, threshold = -55e-3f, v_reset = -65e-3f, tau_ref = 2e-3f;
const double a = 1.6e-3, g = 20;                                                                      // efficacy; inhibitory over excitatory
const NeuronID in_degree_exc = 1000, in_degree_inh = 250;

// What both groups below share: state, refractoriness, random initial potentials.
class LeakyGroup : public NeuronGroup
{
protected:
	std::vector<unsigned short> ref;
	unsigned short ref_steps;

public:
	LeakyGroup(NeuronID size, unsigned seed) : NeuronGroup(size), ref(size, 0), ref_steps((unsigned short) std::lround(tau_ref / auryn_timestep))
	{
		sys->register_spiking_group(this);
		clear();
		std::mt19937 random(seed);
		std::uniform_real_distribution<float> potential(v_reset, threshold);
		for (NeuronID i = 0; i < size; ++i) mem->data[i] = potential(random);
	}

	void clear()
	{
		clear_spikes();
		std::fill(ref.begin(), ref.end(), 0);
		mem->set_all(v_reset);
		g_ampa->set_all(0);
		g_gaba->set_all(0);
	}
};

// Synapses and input add -log(1 - efficacy) to g_ampa and g_gaba; one step relaxes V under both conductances by exp(-g), g their sum, the limit of
// jumps of efficacy * (E - V) in random order. Applying all E before all I jumps instead lowers the rate
// by about 2 % at this time step. The step is split into a loop the compiler vectorises and one over thresholds.
class DeltaConductanceGroup : public LeakyGroup
{
public:
	DeltaConductanceGroup(NeuronID size, unsigned seed) : LeakyGroup(size, seed) {}

	void evolve()
	{
		const NeuronID n = get_rank_size();
		const float decay = (float) std::exp(-auryn_timestep / tau_mem);
		float * __restrict__ v = mem->data;
		float * __restrict__ exc = g_ampa->data;
		float * __restrict__ inh = g_gaba->data;
		unsigned short * __restrict__ r = ref.data();
		for (NeuronID i = 0; i < n; ++i) {
			float u = e_leak + (v[i] - e_leak) * decay;
			const float total = exc[i] + inh[i];
			const float phi = 1 - total * (0.5f - total * (1 / 6.0f - total * (1 / 24.0f - total * (1 / 120.0f))));         // (1 - exp(-g)) / g
			u += phi * (exc[i] * (e_exc - u) + inh[i] * (e_inh - u));
			v[i] = r[i] ? v_reset : u;
			r[i] -= r[i] ? 1 : 0;
			exc[i] = inh[i] = 0;
		}
		for (NeuronID i = 0; i < n; ++i)
			if (v[i] >= threshold) {
				push_spike(i);
				v[i] = v_reset;
				r[i] = ref_steps;
			}
	}
};

// As TIFGroup: Euler step of V, exponential decay of the conductances (both with the same time constant here).
class ConductanceGroup : public LeakyGroup
{
	float tau_syn;

public:
	ConductanceGroup(NeuronID size, float tau_syn, unsigned seed) : LeakyGroup(size, seed), tau_syn(tau_syn) {}

	void evolve()
	{
		const NeuronID n = get_rank_size();
		const float scale = (float) (auryn_timestep / tau_mem), decay = (float) std::exp(-auryn_timestep / tau_syn);
		float * __restrict__ v = mem->data;
		float * __restrict__ exc = g_ampa->data;
		float * __restrict__ inh = g_gaba->data;
		unsigned short * __restrict__ r = ref.data();
		for (NeuronID i = 0; i < n; ++i) {
			const float u = v[i] + scale * (e_leak - v[i] + exc[i] * (e_exc - v[i]) + inh[i] * (e_inh - v[i]));
			v[i] = r[i] ? v_reset : u;
			r[i] -= r[i] ? 1 : 0;
			exc[i] *= decay;
			inh[i] *= decay;
		}
		for (NeuronID i = 0; i < n; ++i)
			if (v[i] >= threshold) {
				push_spike(i);
				v[i] = v_reset;
				r[i] = ref_steps;
			}
	}
};

// A SparseConnection whose spikes arrive `steps` time steps after they were fired, however long the source's delay line is.
class DelayedConnection : public SparseConnection
{
	unsigned position;

public:
	// One step passes between delivery to a conductance and its effect on V, hence steps - 1.
	DelayedConnection(SpikingGroup * source, NeuronGroup * destination, TransmitterType transmitter, unsigned steps)
		: SparseConnection(source, destination, transmitter), position(source->delay->get_delay() - (steps - 1)) {}

	void propagate()
	{
		const SpikeContainer & spikes = *src->delay->get_spikes(position);
		const NeuronID * columns = w->get_ind_begin();
		const AurynWeight * weights = w->get_data_begin();
		for (SpikeContainer::const_iterator spike = spikes.begin(); spike != spikes.end(); ++spike) {
			const AurynLong end = w->get_row_end_index(*spike);
			for (AurynLong c = w->get_row_begin_index(*spike); c < end; ++c) transmit(columns[c], weights[c]);
		}
	}
};

// Draws exactly in_degree distinct sources for every target and spreads the synapses at random over the delay classes given (in time steps).
void connect(SpikingGroup * source, NeuronGroup * target, TransmitterType transmitter, NeuronID in_degree, double weight,
		const std::vector<unsigned> & delays, std::mt19937 & random)
{
	const NeuronID sources = source->get_size(), targets = target->get_size();
	std::vector<NeuronID> permutation(sources);
	for (NeuronID i = 0; i < sources; ++i) permutation[i] = i;
	std::vector<std::vector<std::vector<NeuronID> > > rows(delays.size(), std::vector<std::vector<NeuronID> >(sources));
	std::vector<AurynLong> sizes(delays.size(), 0);
	for (NeuronID j = 0; j < targets; ++j)
		for (NeuronID k = 0; k < in_degree; ++k) {
			std::swap(permutation[k], permutation[k + random() % (sources - k)]);
			const size_t d = delays.size() > 1 ? random() % delays.size() : 0;
			rows[d][permutation[k]].push_back(j);                                                             // ascending in j
			++sizes[d];
		}
	for (size_t d = 0; d < delays.size(); ++d) {
		DelayedConnection * connection = new DelayedConnection(source, target, transmitter, delays[d]);
		connection->allocate_manually(sizes[d]);
		for (NeuronID i = 0; i < sources; ++i)
			for (size_t s = 0; s < rows[d][i].size(); ++s) connection->push_back(i, rows[d][i][s], (AurynWeight) weight);
		connection->finalize();
		if (connection->get_nonzero() != sizes[d]) throw std::logic_error("synapses are missing");
		std::vector<std::vector<NeuronID> >().swap(rows[d]);
	}
}

std::vector<unsigned> one_delay(double seconds) { return std::vector<unsigned>(1, (unsigned) std::lround(seconds / auryn_timestep)); }

// The middles of `classes` equal parts of 0 ... seconds.
std::vector<unsigned> delay_classes(double seconds, int classes)
{
	std::vector<unsigned> delays;
	for (int d = 0; d < classes; ++d) delays.push_back(std::max(1u, (unsigned) std::lround((d + 0.5) * seconds / classes / auryn_timestep)));
	return delays;
}

// Keeps the spikes of a group in memory.
class Recorder : public Device
{
	SpikingGroup * source;
	std::vector<std::vector<AurynTime> > trains;

public:
	Recorder(SpikingGroup * source) : source(source), trains(source->get_size()) { sys->register_device(this); }

	void execute()
	{
		if (sys->get_time() < warmup) return;
		const SpikeContainer & spikes = *source->get_spikes_immediate();
		for (SpikeContainer::const_iterator spike = spikes.begin(); spike != spikes.end(); ++spike) trains[*spike].push_back(sys->get_clock());
	}

	double rate(double duration) const
	{
		size_t count = 0;
		for (size_t i = 0; i < trains.size(); ++i) count += trains[i].size();
		return count / (trains.size() * (duration - warmup));
	}

	double cv() const
	{
		double total = 0;
		int neurons = 0;
		for (size_t i = 0; i < trains.size(); ++i) {
			const std::vector<AurynTime> & t = trains[i];
			if (t.size() < 10) continue;
			const double n = t.size() - 1, mean = (t.back() - t.front()) / n;
			double squares = 0;
			for (size_t s = 1; s < t.size(); ++s) squares += std::pow(t[s] - t[s - 1] - mean, 2);
			total += std::sqrt(squares / (n - 1)) / mean;
			++neurons;
		}
		return total / neurons;
	}
};

PoissonStimulator * stimulate(NeuronGroup * target, double rate, double weight)
{
	PoissonStimulator * stimulator = new PoissonStimulator(target, (AurynFloat) (in_degree_exc * rate), (AurynWeight) weight);
	stimulator->set_target_state("g_ampa");
	return stimulator;
}

double cpu_seconds()
{
	timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + 1e-9 * t.tv_nsec;
}

}

int main(int argc, char * argv[])
{
	const std::string workload = argc > 1 ? argv[1] : "";
	if (workload != "W1" && workload != "W2" && workload != "W3") {
		std::fprintf(stderr, "usage: %s W1|W2|W3 [seconds [seed]]\n", argv[0]);
		return 2;
	}
	const double duration = argc > 2 ? std::atof(argv[2]) : workload == "W3" ? 10 : 2;
	std::mt19937 random(argc > 3 ? std::atoi(argv[3]) : 1);

	auryn_timestep = workload == "W1" ? 5e-5 : 1e-4;
	auryn_init(argc, argv, ".", "auryn_workloads", "", WARNING, WARNING);
	sys->quiet = true;
	sys->set_master_seed(random());
	SpikingGroup * excitatory;

	if (workload == "W1") {
		DeltaConductanceGroup * e = new DeltaConductanceGroup(10000, random()), * i = new DeltaConductanceGroup(2500, random());
		e->set_delay(std::lround(10e-3 / auryn_timestep));
		i->set_delay(std::lround(1e-3 / auryn_timestep));
		const double w_exc = -std::log1p(-a), w_inh = -std::log1p(-g * a);
		connect(e, e, GLUT, in_degree_exc, w_exc, delay_classes(10e-3, 20), random);
		connect(e, i, GLUT, in_degree_exc, w_exc, delay_classes(10e-3, 20), random);
		connect(i, e, GABA, in_degree_inh, w_inh, delay_classes(1e-3, 4), random);
		connect(i, i, GABA, in_degree_inh, w_inh, delay_classes(1e-3, 4), random);
		stimulate(e, 25, w_exc);
		stimulate(i, 25, w_exc)->seed((int) random());
		excitatory = e;
	} else if (workload == "W2") {
		const float tau_syn = 1e-3f;
		ConductanceGroup * e = new ConductanceGroup(10000, tau_syn, random()), * i = new ConductanceGroup(10000, tau_syn, random());
		e->set_delay(std::lround(1e-3 / auryn_timestep));
		i->set_delay(std::lround(1e-3 / auryn_timestep));
		const double w_exc = a * tau_mem / tau_syn, w_inh = g * w_exc;
		connect(e, e, GLUT, in_degree_exc, w_exc, one_delay(1e-3), random);
		connect(e, i, GLUT, in_degree_exc, w_exc, one_delay(1e-3), random);
		connect(i, e, GABA, in_degree_inh, w_inh, one_delay(1e-3), random);
		connect(i, i, GABA, in_degree_inh, w_inh, one_delay(1e-3), random);
		stimulate(e, 20, w_exc);
		stimulate(i, 20, w_exc)->seed((int) random());
		excitatory = e;
	} else {
		// As Auryn's examples/sim_coba_benchmark.cpp, from random potentials: TIFGroup, 2 % Bernoulli, MINDELAY = 0.8 ms
		TIFGroup * groups[2] = {new TIFGroup(3200), new TIFGroup(800)};
		for (int p = 0; p < 2; ++p) {
			groups[p]->set_refractory_period(5e-3 + 1e-9);                                                           // it truncates to steps
			groups[p]->set_state("bg_current", 20e-3f);
			std::uniform_real_distribution<float> potential(-60e-3f, -50e-3f);
			for (NeuronID i = 0; i < groups[p]->get_size(); ++i) groups[p]->mem->data[i] = potential(random);
		}
		for (int p = 0; p < 2; ++p) {
			new SparseConnection(groups[0], groups[p], 0.4f, 0.02, GLUT);
			new SparseConnection(groups[1], groups[p], 5.1f, 0.02, GABA);
		}
		excitatory = groups[0];
	}

	const Recorder * recorder = new Recorder(excitatory);
	const double before = cpu_seconds();
	const bool completed = sys->run((AurynFloat) (duration + 0.5 * auryn_timestep), false);
	const double elapsed = cpu_seconds() - before;
	std::printf("%s Auryn: loop %.2f CPU s for %g s, E rate %.2f spk/s, CV %.3f\n", workload.c_str(), elapsed, duration, recorder->rate(duration), recorder->cv());
	std::fflush(stdout);
	auryn_free();
	return completed ? 0 : 1;
}
