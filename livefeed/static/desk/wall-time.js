// Wall time in a named zone to UTC. The zone is the coverage's, never the device's, and so is the rule for summer time.

// wall  such as 2026-11-26T17:15; the earlier moment where clocks are set back over it
export function utcOf(wall, zone) {
  const asked = Date.parse(`${wall}Z`);
  // The zone's offset depends on the moment, which depends on the offset: two steps find it, except inside a gap.
  let moment = asked - offset(asked, zone);
  moment = asked - offset(moment, zone);
  return new Date(moment).toISOString();
}

function offset(moment, zone) {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
  }).formatToParts(moment);
  const { year, month, day, hour, minute, second } = Object.fromEntries(parts.map(({ type, value }) => [type, value]));
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(moment / 1000) * 1000;
}
