import { randomInt } from 'node:crypto';
import type { CampaignSpec, Validation } from '../../protocol/campaign.ts';
import type { Lease } from '../../protocol/project-api.ts';
import { IN } from '../../protocol/work-unit.ts';
import { pointSeed, portionsOf, type UnitRange, unitRange } from '../campaigns/units.ts';
import { showId } from '../ids.ts';
import { batch, type Database, type Queryable } from '../store/database.ts';
import { type Asking, type Assignment, assign, canRun, type Offer, type Tailored } from './assign.ts';
import { type Cutting, cutFromInputs, cutWhereNeeded } from './cut.ts';
import { isTooLarge, type Pace, portionsFor } from './pace.ts';
import { pairUp } from './pairing.ts';
import * as sql from './queries.ts';
import { type Claim, ranksOf, type Shares } from './shares.ts';

/** One host's request for work; at most one a host in a batch. */
export interface LeaseAsk extends Asking {
  /** Leases the host says it has. */
  readonly held: readonly number[];
}

export interface LeaseAnswer {
  readonly leases: readonly Lease[];
  /** Of `held`, those nobody knows. */
  readonly unknown: readonly number[];
  /** Why there is less than wanted, in plain words. */
  readonly reason: string | null;
}

/** Work units of a campaign are made as they are wanted, this many at a time. */
const MAKE_UNITS = 512;
/** Beyond what hosts want, since some units may not go to some hosts. */
const SPARE_OFFERS = 32;

/** The part of a transaction's work that all steps share. */
interface Round {
  readonly tx: Queryable;
  readonly now: Date;
  readonly campaigns: readonly sql.CampaignRow[];
  /** Lease rows given in this round, by host. */
  readonly given: Map<number, sql.LeaseRow[]>;
  /** What owners were given before, and in this round, as it counts in their shares. */
  readonly used: Map<string, number>;
  /** Hosts of campaigns on trial, by campaign. */
  readonly trials: ReadonlyMap<number, Set<number>>;
  /** Those who ask, by host. */
  readonly askers: ReadonlyMap<number, sql.AskerRow>;
  /** What hosts were measured to do, by host and application; of campaigns that cut units to them. */
  readonly paces: ReadonlyMap<string, Pace>;
}

/**
 * Answers many hosts in one transaction: so the one fsync at its end serves all of them.
 * @param turn any number; decides which of equal campaigns begins
 * @param shares what owners were given lately; what is given here is added
 */
export async function leaseBatch(
  db: Database,
  asks: readonly LeaseAsk[],
  now: Date,
  turn: number,
  shares: Shares,
): Promise<LeaseAnswer[]> {
  const before = shares.lately(now);
  const { answers, used } = await db.transaction(async (tx) => {
    const used = new Map(before);
    const campaigns = await tx.query<sql.CampaignRow>(sql.RUNNING_CAMPAIGNS, [now.toISOString()]);
    const trials = await trialsOf(tx, campaigns);
    const hostIds = asks.map((ask) => ask.hostId);
    const given = new Map(hostIds.map((id) => [id, []]));
    const rows = await tx.query<sql.AskerRow>(sql.ASKERS, [hostIds, now.toISOString()]);
    const askers = new Map(rows.map((row) => [row.id, row]));
    const paces = await pacesOf(tx, hostIds, campaigns);
    const round: Round = { tx, now, campaigns, given, used, trials, askers, paces };
    const untilWhen = (ask: LeaseAsk) => askers.get(ask.hostId)?.quarantined_until ?? null;
    const unknown = await settleHeld(round, asks);
    const short = () =>
      asks
        .map((ask) => ({
          ...ask,
          want: ask.want - (round.given.get(ask.hostId)?.length ?? 0),
          campaigns: invitedTo(round, ask.hostId),
        }))
        .filter((ask) => ask.want > 0 && untilWhen(ask) === null);
    const complete = await offerAll(round, short(), turn);
    if (!complete) for (const ask of short()) await searchFor(round, ask);
    const leases = await show(round);
    const idle = campaigns.length === 0 ? await whyIdle(tx) : '';
    const answers = asks.map((ask) => ({
      leases: leases.get(ask.hostId) ?? [],
      unknown: unknown.get(ask.hostId) ?? [],
      reason: (leases.get(ask.hostId)?.length ?? 0) < ask.want ? whyShort(ask, round, idle) : null,
    }));
    return { answers, used };
  });
  for (const [owner, sum] of used) {
    const more = sum - (before.get(owner) ?? 0);
    if (more > 0) shares.charge(owner, more, now);
  }
  return answers;
}

async function trialsOf(
  tx: Queryable,
  campaigns: readonly sql.CampaignRow[],
): Promise<Map<number, Set<number>>> {
  const trials = new Map<number, Set<number>>();
  for (const { id, canary } of campaigns) if (canary) trials.set(id, new Set());
  if (trials.size === 0) return trials;
  const rows = await tx.query<{ campaign_id: number; host_id: number }>(sql.CANARY_HOSTS, [
    [...trials.keys()],
  ]);
  for (const row of rows) trials.get(row.campaign_id)?.add(row.host_id);
  return trials;
}

async function pacesOf(
  tx: Queryable,
  hostIds: readonly number[],
  campaigns: readonly sql.CampaignRow[],
): Promise<Map<string, Pace>> {
  const tailoring = campaigns.filter(({ spec }) => spec.unitMinutes !== undefined);
  if (tailoring.length === 0) return new Map();
  const applications = [...new Set(tailoring.map(({ spec }) => spec.application))];
  const rows = await tx.query<sql.PaceRow>(sql.PACES, [hostIds, applications]);
  return new Map(rows.map((row) => [`${row.host_id} ${row.application}`, row]));
}

/** Portions for one unit of a host; null where all units of the campaign have one. */
function sizeFor({ paces }: Round, { spec, output_bytes }: sql.CampaignRow, hostId: number): number | null {
  const { unitMinutes } = spec;
  if (unitMinutes === undefined) return null;
  const pace = paces.get(`${hostId} ${spec.application}`) ?? null;
  return portionsFor(pace, { ...spec, unitMinutes }, output_bytes ?? 0);
}

/** Where units are cut to those who take them: what is right for those who ask. */
function tailored(round: Round, campaign: sql.CampaignRow, asking: readonly Asking[]): Tailored | undefined {
  if (campaign.spec.unitMinutes === undefined) return undefined;
  return {
    portions: new Map(asking.map(({ hostId }) => [hostId, sizeFor(round, campaign, hostId) ?? 1])),
    left: campaign.units - campaign.units_made,
  };
}

/** What the invitation of a host limits it to; undefined: nothing. */
function invitedTo({ askers, campaigns }: Round, hostId: number): ReadonlySet<number> | undefined {
  const names = askers.get(hostId)?.campaigns ?? null;
  if (names === null) return undefined;
  return new Set(campaigns.filter(({ spec }) => names.includes(spec.name)).map(({ id }) => id));
}

function mayTry({ trials }: Round, { id, canary }: sql.CampaignRow, hostId: number): boolean {
  const hosts = trials.get(id);
  return !hosts || !canary || hosts.has(hostId) || hosts.size < canary.hosts;
}

async function whyIdle(tx: Queryable): Promise<string> {
  const [row] = await tx.query<sql.IdleRow>(sql.IDLE);
  if (row && row.paused > 0)
    return 'The project has paused its campaigns; there is work again when its staff resume one.';
  if (row && row.running > 0) return 'The deadline of the project’s campaigns has passed.';
  return 'The project has no campaign running at the moment.';
}

function whyShort(ask: LeaseAsk, round: Round, idle: string): string {
  const until = round.askers.get(ask.hostId)?.quarantined_until;
  if (until) {
    const shown = until.toISOString().slice(0, 16).replace('T', ' ');
    return `Results of this computer were not what its work units give; it gets no more until ${shown} UTC. Look for bad memory or overclocking.`;
  }
  if (round.campaigns.length === 0) return idle;
  const fit = round.campaigns.filter((campaign) => canRun(ask.platforms, campaign.platforms));
  if (fit.length === 0) {
    return `No running campaign has a program for what this computer offers (${ask.platforms.join(', ')}).`;
  }
  const invited = invitedTo(round, ask.hostId);
  if (invited && !fit.some(({ id }) => invited.has(id)))
    return 'None of the campaigns that the invitation of this computer is for is running.';
  if (!fit.some((campaign) => mayTry(round, campaign, ask.hostId))) {
    return 'The project tries a new release on a few computers first; there is work for all when that went well.';
  }
  return 'All remaining work units are with other computers, or need one that has not had them.';
}

/**
 * Compares what a host says it holds with what we gave it. A lease it does not hold got lost on the way or
 * with the host's disk: it is given again, as the same lease, or taken back.
 * @returns for each host, of what it holds, what we do not know
 */
async function settleHeld(round: Round, asks: readonly LeaseAsk[]): Promise<Map<number, number[]>> {
  const { tx, now } = round;
  const ours = await tx.query<sql.LeaseRow>(sql.LEASES_OF_HOSTS, [asks.map((ask) => ask.hostId)]);
  const known = new Set(ours.map((lease) => `${lease.host_id} ${lease.id}`));
  const claimed = asks.flatMap((ask) => ask.held.filter((id) => !known.has(`${ask.hostId} ${id}`)));
  if (claimed.length > 0) {
    for (const row of await tx.query<sql.ReportedRow>(sql.REPORTED, [claimed])) {
      known.add(`${row.host_id} ${row.lease_id}`);
    }
  }
  const held = new Set(asks.flatMap((ask) => ask.held.map((id) => `${ask.hostId} ${id}`)));
  const lost = ours.filter((lease) => !held.has(`${lease.host_id} ${lease.id}`));
  if (lost.length > 0) {
    const want = new Map(asks.map((ask) => [ask.hostId, ask.want]));
    const units = await tx.query<sql.UnitNeed>(sql.LOCK_UNITS, [lost.map((lease) => lease.unit_id)]);
    const needs = new Map(units.map((unit) => [unit.id, unit]));
    const again: sql.LeaseRow[] = [];
    const back: sql.LeaseRow[] = [];
    for (const lease of lost) {
      const unit = needs.get(lease.unit_id);
      const left = want.get(lease.host_id) ?? 0;
      const open = unit?.state === 'open' && (lease.state === 'out' || unit.wanted > 0);
      const campaign = round.campaigns.find((one) => one.id === unit?.campaign_id);
      const platforms = asks.find((ask) => ask.hostId === lease.host_id)?.platforms ?? [];
      if (open && left > 0 && campaign && canRun(platforms, campaign.platforms)) {
        want.set(lease.host_id, left - 1);
        again.push({ ...lease, deadline: deadlineOf(campaign.spec, now) });
        if (unit && lease.state === 'expired') needs.set(unit.id, { ...unit, wanted: unit.wanted - 1 });
      } else {
        back.push(lease);
      }
    }
    if (again.length > 0) {
      await tx.query(sql.REVIVE_LEASES, [
        batch(again.map(({ id, deadline }) => ({ id, deadline: deadline.toISOString() }))),
      ]);
    }
    if (back.length > 0) await tx.query(sql.TAKE_BACK, [back.map((lease) => lease.id)]);
    for (const lease of again) round.given.get(lease.host_id)?.push(lease);
  }
  return new Map(asks.map((ask) => [ask.hostId, ask.held.filter((id) => !known.has(`${ask.hostId} ${id}`))]));
}

/** @returns whether all units that are wanted were looked at: then searching further is in vain */
async function offerAll(round: Round, asking: readonly Asking[], turn: number): Promise<boolean> {
  if (asking.length === 0) return true;
  const { tx } = round;
  const campaigns = round.campaigns.filter((campaign) =>
    asking.some((host) => canRun(host.platforms, campaign.platforms)),
  );
  if (campaigns.length === 0) return true;
  const limit = asking.reduce((sum, host) => sum + host.want, 0) + SPARE_OFFERS;
  const ids = campaigns.map((one) => one.id);
  const adaptive = campaigns.filter((one) => 'adaptive' in one.spec.validation).map((one) => one.id);
  const wanted = await tx.query<sql.WantedRow>(sql.WANTED_UNITS, [ids, limit, adaptive]);
  const few = asking.length + SPARE_OFFERS;
  const waiting =
    adaptive.length > 0 ? await tx.query<sql.WantedRow>(sql.WAITING_UNITS, [adaptive, few]) : [];
  let complete = waiting.length < few;
  const offers: Offer[] = [];
  for (const campaign of campaigns) {
    const units = wanted.filter((unit) => unit.campaign_id === campaign.id);
    // Of these, what was not looked at or is not right for one host may be for another.
    if (campaign.spec.unitMinutes !== undefined) complete = false;
    else if (units.length < limit && canMake(campaign)) {
      units.push(
        ...(await makeUnits(tx, campaign, campaign.spec.adaptive ? limit : Math.max(MAKE_UNITS, limit))),
      );
      complete = false;
    }
    if (units.length >= limit) complete = false;
    const isAdaptive = adaptive.includes(campaign.id);
    // Those that wait first: the window may hold nothing else for a newcomer, and whoever may not have one skips it.
    units.unshift(...waiting.filter((unit) => unit.campaign_id === campaign.id));
    offers.push({
      campaignId: campaign.id,
      platforms: campaign.platforms,
      ...claimOf(campaign),
      trial: campaign.canary
        ? { hosts: [...(round.trials.get(campaign.id) ?? [])], limit: campaign.canary.hosts }
        : null,
      units: (isAdaptive ? shuffled(units) : units).map((unit) => ({
        unitId: unit.id,
        wanted: unit.wanted,
        portions: portionsOf(unit.events, campaign.spec.eventsPerUnit),
        isUntouched: unit.untouched,
      })),
      cost: costOf(campaign),
      tailored: tailored(round, campaign, asking),
    });
  }
  const unitIds = offers.flatMap((offer) => offer.units.map((unit) => unit.unitId));
  if (unitIds.length === 0 && !offers.some((offer) => offer.tailored)) return complete;
  const had = await tx.query<sql.HadRow>(sql.HAD, [asking.map((host) => host.hostId), unitIds]);
  const pairs = new Set(had.map((row) => `${row.host_id} ${row.unit_id}`));
  const one = (hosts: readonly Asking[], what: readonly Offer[]) =>
    assign(hosts, what, pairs, turn, round.used);
  const replicas = await replicasOf(round, campaigns, unitIds);
  if (replicas.length === 0) await give(round, one(asking, offers));
  else {
    for (const { hostId } of asking) {
      const network = round.askers.get(hostId)?.network ?? null;
      // Whoever falsifies would agree with himself.
      for (const replica of replicas) {
        if (network !== null && replica.network === network) pairs.add(`${hostId} ${replica.unit_id}`);
      }
    }
    const newcomers = new Set([...round.askers.values()].filter((row) => row.is_new).map((row) => row.id));
    const waiting = replicas.map((row) => ({ unitId: row.unit_id, isYoung: row.is_young }));
    await give(round, pairUp(asking, offers, waiting, newcomers, one));
  }
  return complete;
}

/** For so long a unit that waits for a second host is kept for one that needs testing itself. */
const FOR_NEWCOMERS_MS = 120_000;

async function replicasOf(
  { tx, now }: Round,
  campaigns: readonly sql.CampaignRow[],
  unitIds: readonly number[],
): Promise<sql.ReplicaRow[]> {
  if (!campaigns.some((campaign) => 'adaptive' in campaign.spec.validation)) return [];
  const since = new Date(now.getTime() - FOR_NEWCOMERS_MS).toISOString();
  return tx.query<sql.ReplicaRow>(sql.REPLICAS, [unitIds, since]);
}

/** So that no host can foresee which unit it gets, or choose. */
function shuffled<T>(items: readonly T[]): T[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = randomInt(i + 1);
    [order[i], order[j]] = [order[j] as T, order[i] as T]; // both indexes are below the length
  }
  return order;
}

function claimOf({ owner, priority, deadline }: sql.CampaignRow): Claim {
  return { owner, priority, deadline: deadline?.getTime() ?? null };
}

/** Reference microseconds of a portion; a point's last may be shorter, which is not worth reading each unit's length. */
function costOf({ spec, event_cost_us }: sql.CampaignRow): number {
  return spec.eventsPerUnit * event_cost_us;
}

/** The campaigns in the order in which they would be served now. */
function inOrder({ campaigns, used }: Round): sql.CampaignRow[] {
  return ranksOf(campaigns.map(claimOf))
    .sort((a, b) => (used.get(a.owner) ?? 0) - (used.get(b.owner) ?? 0))
    .flatMap(({ ranks }) => ranks.flat())
    .flatMap((index) => campaigns[index] ?? []);
}

/** The thorough way, for a host that could take none of those at the head of the line. */
async function searchFor(round: Round, ask: Asking): Promise<void> {
  let want = ask.want;
  for (const campaign of inOrder(round)) {
    if (want === 0 || !canRun(ask.platforms, campaign.platforms)) continue;
    if (!mayTry(round, campaign, ask.hostId)) continue;
    if (ask.campaigns && !ask.campaigns.has(campaign.id)) continue;
    const size = sizeFor(round, campaign, ask.hostId);
    const fill = (unitId: number | null, portions: number): Assignment => ({
      hostId: ask.hostId,
      unitId,
      portions,
      campaignId: campaign.id,
      cost: costOf(campaign) * portions,
    });
    for (;;) {
      const found = await round.tx.query<sql.WantedRow>(sql.WANTED_BY_HOST, [campaign.id, ask.hostId, want]);
      const whole = found.map(({ id, events }) => ({
        id,
        portions: portionsOf(events, campaign.spec.eventsPerUnit),
      }));
      want -= await give(
        round,
        whole.map(({ id, portions }) =>
          fill(id, size !== null && isTooLarge(portions, size) ? size : portions),
        ),
      );
      if (want === 0) break;
      if (size !== null) {
        want -= await give(round, new Array<Assignment>(want).fill(fill(null, size)));
        break;
      }
      if ((await makeUnits(round.tx, campaign, campaign.spec.adaptive ? want : MAKE_UNITS)).length === 0)
        break;
    }
  }
}

/** Hosts that must give the same, by hash or within the tolerance. */
export function agreeingHosts(validation: Validation): number {
  if ('quorum' in validation) return validation.quorum;
  return 'tolerance' in validation ? validation.tolerance : 1;
}

/** Of one that takes from another: as many as there are inputs. */
function canMake({ units, units_made, source_valid }: sql.CampaignRow): boolean {
  return units_made < Math.min(units, source_valid ?? units);
}

/** Cuts the campaign's next units. */
async function makeUnits(tx: Queryable, campaign: sql.CampaignRow, count: number): Promise<sql.WantedRow[]> {
  if (campaign.spec.inputs && !canMake(campaign)) return [];
  const ranges = campaign.spec.inputs
    ? await cutFromInputs(tx, campaign, campaign.spec.inputs, count)
    : campaign.spec.adaptive
      ? await cutWhereNeeded(tx, campaign, new Array<number>(count).fill(1))
      : await cutInOrder(tx, campaign, count);
  return insertUnits(tx, campaign, ranges);
}

async function insertUnits(
  tx: Queryable,
  campaign: sql.CampaignRow,
  ranges: readonly Cutting[],
): Promise<sql.MadeRow[]> {
  if (ranges.length === 0) return [];
  return tx.query<sql.MadeRow>(sql.MAKE_UNITS, [
    campaign.id,
    agreeingHosts(campaign.spec.validation),
    batch(
      ranges.map((range) => ({
        point_index: range.pointIndex,
        first_event: range.firstEvent,
        events: range.events,
        input: range.input ?? null,
      })),
    ),
  ]);
}

/** The lock on the campaign's row keeps two servers from cutting the same. */
async function cutInOrder(tx: Queryable, campaign: sql.CampaignRow, count: number): Promise<UnitRange[]> {
  const [locked] = await tx.query<{ units_made: number }>(sql.LOCK_CAMPAIGN, [campaign.id]);
  const from = locked?.units_made ?? campaign.units;
  const to = Math.min(campaign.units, from + count);
  if (from >= to) return [];
  const { events, eventsPerUnit } = campaign.spec;
  const cut = { points: campaign.points, events, eventsPerUnit, extendedFrom: campaign.extended_from };
  await tx.query(sql.SET_UNITS_MADE, [campaign.id, to]);
  return Array.from({ length: to - from }, (_, i) => unitRange(cut, from + i));
}

/** @returns how many leases were given: others may have taken what was to be cut */
async function give(round: Round, assignments: readonly Assignment[]): Promise<number> {
  if (assignments.length === 0) return 0;
  const campaigns = new Map(round.campaigns.map((campaign) => [campaign.id, campaign]));
  const trying: { campaign_id: number; host_id: number }[] = [];
  const rows = (await cutFor(round, assignments)).flatMap(({ hostId, unitId, campaignId, cost }) => {
    const campaign = campaigns.get(campaignId);
    if (!campaign || unitId === null) return [];
    round.used.set(campaign.owner, (round.used.get(campaign.owner) ?? 0) + cost);
    const hosts = round.trials.get(campaignId);
    if (hosts && !hosts.has(hostId)) {
      hosts.add(hostId);
      trying.push({ campaign_id: campaignId, host_id: hostId });
    }
    const deadline = deadlineOf(campaign.spec, round.now).toISOString();
    return [{ unit_id: unitId, host_id: hostId, deadline }];
  });
  if (rows.length === 0) return 0;
  if (trying.length > 0) await round.tx.query(sql.ADD_CANARY_HOSTS, [batch(trying)]);
  for (const lease of await round.tx.query<sql.LeaseRow>(sql.MAKE_LEASES, [batch(rows)])) {
    round.given.get(lease.host_id)?.push(lease);
  }
  return rows.length;
}

/** Cuts what is to be made, and splits what is too large, where units are cut to those who take them. */
async function cutFor(round: Round, assignments: readonly Assignment[]): Promise<readonly Assignment[]> {
  const done: Assignment[] = [];
  const tailoring = new Set<sql.CampaignRow>();
  for (const one of assignments) {
    const campaign = round.campaigns.find(({ id }) => id === one.campaignId);
    if (campaign?.spec.unitMinutes === undefined) done.push(one);
    else tailoring.add(campaign);
  }
  // In the order in which all lock them.
  for (const campaign of [...tailoring].sort((a, b) => a.id - b.id)) {
    const mine = assignments.filter((one) => one.campaignId === campaign.id);
    const there = mine.filter((one) => one.unitId !== null);
    if (there.length > 0) await split(round.tx, there, campaign.spec.eventsPerUnit);
    done.push(...there);
    const fresh = mine.filter((one) => one.unitId === null);
    if (fresh.length === 0) continue;
    const ranges = await cutWhereNeeded(
      round.tx,
      campaign,
      fresh.map(({ portions }) => portions),
    );
    const rows = await insertUnits(round.tx, campaign, ranges);
    const ids = new Map(rows.map((row) => [`${row.point_index} ${row.first_event}`, row.id]));
    for (const [i, { pointIndex, firstEvent, events }] of ranges.entries()) {
      const one = fresh[i];
      const portions = portionsOf(events, campaign.spec.eventsPerUnit);
      const unitId = ids.get(`${pointIndex} ${firstEvent}`) ?? null;
      if (one) done.push({ ...one, unitId, portions, cost: costOf(campaign) * portions });
    }
  }
  return done;
}

/** Those who come first decide how large a unit is; what somebody has or has reported stays whole. */
async function split(
  tx: Queryable,
  assignments: readonly Assignment[],
  eventsPerUnit: number,
): Promise<void> {
  const parts = new Map<number, number>();
  for (const { unitId, portions } of assignments)
    if (unitId !== null && !parts.has(unitId)) parts.set(unitId, portions * eventsPerUnit);
  const rows = await tx.query<{ id: number }>(sql.LARGER, [
    batch([...parts].map(([id, events]) => ({ id, events }))),
  ]);
  if (rows.length === 0) return;
  const ids = rows.map(({ id }) => id);
  await tx.query(sql.FORGET_LEASES, [ids]);
  await tx.query(sql.SPLIT, [batch(ids.map((id) => ({ id, events: parts.get(id) })))]);
}

function deadlineOf(spec: CampaignSpec, now: Date): Date {
  return new Date(now.getTime() + spec.leaseMinutes * 60_000);
}

async function show(round: Round): Promise<Map<number, Lease[]>> {
  const all = [...round.given.values()].flat();
  if (all.length === 0) return new Map();
  const units = await round.tx.query<sql.UnitCardRow>(sql.UNIT_CARDS, [all.map((lease) => lease.unit_id)]);
  const byId = new Map(units.map((unit) => [unit.id, unit]));
  const campaigns = new Map(round.campaigns.map((campaign) => [campaign.id, campaign]));
  const shown = new Map<number, Lease[]>();
  for (const [hostId, leases] of round.given) {
    shown.set(
      hostId,
      leases.flatMap((lease) => {
        const unit = byId.get(lease.unit_id);
        const campaign = unit && campaigns.get(unit.campaign_id);
        return unit && campaign ? [showLease(lease, unit, campaign.spec)] : [];
      }),
    );
  }
  return shown;
}

function showLease(lease: sql.LeaseRow, unit: sql.UnitCardRow, spec: CampaignSpec): Lease {
  return {
    id: showId('l', lease.id),
    unitId: showId('u', unit.id),
    campaign: spec.name,
    campaignTitle: spec.title,
    application: spec.application,
    version: spec.version,
    card: cardOf(unit, spec),
    deadline: lease.deadline.toISOString(),
  };
}

/** The card of a unit: what is computed, and all that is needed to compute it again. */
export function cardOf(
  unit: Pick<sql.UnitCardRow, 'point_index' | 'first_event' | 'events' | 'parameters' | 'input'>,
  spec: Pick<CampaignSpec, 'seed' | 'blockEvents' | 'inputs'>,
): Lease['card'] {
  const { input } = unit;
  return {
    seed: pointSeed(spec.seed, unit.point_index),
    firstEvent: unit.first_event,
    events: unit.events,
    blockEvents: spec.blockEvents,
    parameters: unit.parameters,
    ...(input && spec.inputs ? { inputs: [{ path: `${IN}/${spec.inputs.output}`, ...input }] } : {}),
  };
}
