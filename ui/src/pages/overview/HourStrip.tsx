// The last sixty minutes of traffic, a bar a minute on a length of track. Failed
// requests stand on top, hatched, so that colour is not the only sign.

import type { Minute } from "../../api/generated";
import { plural } from "../../format";
import { Section } from "../../kit/Section";
import css from "./HourStrip.module.css";

const HEIGHT = 56;
const STEP = 10;
const BAR = 7;

export function HourStrip({ minutes }: { minutes: Minute[] }) {
  const total = sum(minutes, (minute) => minute.requests);
  const failed = sum(minutes, (minute) => minute.failed);
  const busiest = Math.max(0, ...minutes.map((minute) => minute.requests));
  const told =
    total === 0
      ? "No requests"
      : `${plural(total, "request")}, ${failed} failed, at most ${plural(busiest, "request")} a minute`;
  return (
    <Section title="Last hour" aside={told}>
      <figure className={css.strip}>
        <svg
          viewBox={`0 0 ${minutes.length * STEP} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`Requests in the last hour: ${told}`}
        >
          <defs>
            <pattern id="hatch" width="3" height="3" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
              <rect width="3" height="3" className={css.hatchGround} />
              <rect width="1" height="3" className={css.hatchLine} />
            </pattern>
          </defs>
          {minutes.map((minute, index) => (
            <Bar key={index} minute={minute} index={index} of={minutes.length} busiest={busiest} />
          ))}
        </svg>
        <div className={css.track} aria-hidden="true" />
        <figcaption className={css.scale} aria-hidden="true">
          <span>60 min ago</span>
          <span>45</span>
          <span>30</span>
          <span>
            15 <span>now</span>
          </span>
        </figcaption>
      </figure>
    </Section>
  );
}

function Bar({ minute, index, of, busiest }: { minute: Minute; index: number; of: number; busiest: number }) {
  if (minute.requests === 0) return null;
  const tall = (n: number) => (n === 0 ? 0 : Math.max(2, (n / busiest) * HEIGHT));
  const all = tall(minute.requests);
  const bad = Math.min(all, tall(minute.failed));
  const ago = of - 1 - index;
  return (
    <g transform={`translate(${index * STEP + (STEP - BAR) / 2} 0)`}>
      <title>
        {ago === 0 ? "This minute" : `${ago} min ago`}: {plural(minute.requests, "request")}
        {minute.failed > 0 && `, ${minute.failed} failed`}
      </title>
      <rect y={HEIGHT - all + bad} width={BAR} height={all - bad} className={css.bar} />
      {bad > 0 && <rect y={HEIGHT - all} width={BAR} height={bad} fill="url(#hatch)" />}
    </g>
  );
}

function sum(minutes: Minute[], of: (minute: Minute) => number): number {
  return minutes.reduce((total, minute) => total + of(minute), 0);
}
