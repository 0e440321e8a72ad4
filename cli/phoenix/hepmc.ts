/** A final particle of an event file: momentum in GeV, where it was made in mm. */
export interface FinalParticle {
  readonly pdg: number;
  readonly p: readonly [number, number, number];
  readonly e: number;
  readonly vertex: readonly [number, number, number];
}

export interface RecordedEvent {
  readonly number: number;
  readonly particles: readonly FinalParticle[];
}

/** The text is not HepMC3 ASCII as evgen writes it. */
export class NotHepmc extends Error {
  override readonly name = 'NotHepmc';
}

type Triple = readonly [number, number, number];
const ORIGIN: Triple = [0, 0, 0];

/**
 * Final particles of HepMC3 ASCII ("Asciiv3") in GeV and mm. A particle's line names its vertex (negative) or the particle that decayed;
 * a vertex' line has a place behind "@" unless that is the origin.
 */
export function readHepmc(text: string): RecordedEvent[] {
  if (!text.startsWith('HepMC::Version 3.')) throw new NotHepmc('does not begin with "HepMC::Version 3."');
  const events: { number: number; particles: FinalParticle[] }[] = [];
  let places = new Map<string, Triple>();
  for (const [i, line] of text.split('\n').entries()) {
    const words = line.split(' ');
    const fail = (reason: string) => new NotHepmc(`line ${i + 1}: ${reason}`);
    const numbers = (from: number, count: number) => {
      const values = words.slice(from, from + count).map(Number);
      if (values.length !== count || !values.every(Number.isFinite)) throw fail('a number is missing');
      return values;
    };
    if (words[0] === 'E') {
      events.push({ number: numbers(1, 1)[0] ?? 0, particles: [] });
      places = new Map();
    } else if (words[0] === 'U' && line !== 'U GEV MM') {
      throw fail('units must be GEV and MM');
    } else if (words[0] === 'V' && words.includes('@')) {
      const [x = 0, y = 0, z = 0] = numbers(words.indexOf('@') + 1, 3);
      places.set(words[1] ?? '', [x, y, z]);
    } else if (words[0] === 'P') {
      const [pdg = 0, px = 0, py = 0, pz = 0, e = 0, , status = 0] = numbers(3, 7);
      const event = events.at(-1);
      if (!event) throw fail('a particle before the first event');
      const vertex = places.get(words[2] ?? '') ?? ORIGIN;
      if (status === 1) event.particles.push({ pdg, p: [px, py, pz], e, vertex });
    }
  }
  return events;
}
