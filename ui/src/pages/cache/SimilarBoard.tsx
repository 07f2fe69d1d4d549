// A line for each route that looked for similar questions: what it found, and how much of that would have been wrong.

import type { CacheRoute, SimilarRoute } from "../../api/generated";
import { count } from "../../format";
import { Table } from "../../kit/Table";
import css from "./SimilarBoard.module.css";

/** Where what the counts allow for is this low, in percent, they say something. */
const LOW_PERCENT = 1;

export function SimilarBoard({ similar, routes }: { similar: SimilarRoute[]; routes: CacheRoute[] }) {
  const told = new Map(routes.map(({ route, tally }) => [route, tally.similar]));
  return (
    <>
      <Table label="Similar questions by route" className={css.board}>
        <thead>
          <tr>
            <th scope="col">Route</th>
            <th scope="col" className="num" title="Questions that were looked for because the very same was not kept">
              Looked for
            </th>
            <th scope="col" className="num" title="Near, but a guard saw that something else was asked: another number, a negation, another name">
              Refused by guards
            </th>
            <th scope="col" className="num" title="A similar question had an answer">
              Found
            </th>
            <th scope="col" className="num" title="Found, asked all the same, and the two answers compared">
              Compared
            </th>
            <th scope="col" className="num" title="The two answers did not clearly say the same">
              Wrong
            </th>
            <th scope="col" className="num" title="Wrong ones of those compared">
              False-hit rate
            </th>
          </tr>
        </thead>
        <tbody>
          {similar.map((route) => (
            <Line key={route.route} route={route} told={told.get(route.route) ?? 0} />
          ))}
        </tbody>
      </Table>
      <p className="soft">
        Wrong is whatever does not clearly say the same as the new answer, so that some of it may be right. With few
        comparisons a low rate means little: go by “at most”, which is the highest rate that the counts allow for with 95%
        confidence, and switch a route on when that is a share of wrong answers that you can live with.
      </p>
    </>
  );
}

function Line({ route, told }: { route: SimilarRoute; told: number }) {
  return (
    <tr>
      <th scope="row" className={css.route}>
        <code>{route.route}</code>
      </th>
      <td className="num">{count(route.looked)}</td>
      <td className="num">{count(route.refused)}</td>
      <td className="num">
        {count(route.found)}
        {route.found > 0 && <span className={css.note}>{told === 0 ? "In the shadow: none of these was told" : `${count(told)} told`}</span>}
      </td>
      <td className="num">{count(route.verified)}</td>
      <td className="num">{count(route.wrong)}</td>
      <td className="num">
        <FalseHits route={route} />
      </td>
    </tr>
  );
}

function FalseHits({ route }: { route: SimilarRoute }) {
  if (route.wrong_percent === null) return <span className={css.note}>not measured: none was compared</span>;
  const atMost = route.wrong_at_most_percent;
  return (
    <>
      {percent(route.wrong_percent)}
      <span className={css.note}>
        at most {percent(atMost)} (95%){atMost > LOW_PERCENT && route.wrong === 0 && ": too few compared"}
      </span>
    </>
  );
}

/** Up, never down: a promise of at most so many must hold. */
function percent(value: number): string {
  return `${(Math.ceil(value * 100 - 1e-6) / 100).toFixed(2).replace(/\.?0+$/, "")}%`;
}
