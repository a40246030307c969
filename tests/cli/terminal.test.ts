import { afterEach, describe, expect, it } from "vitest";
import { bar, list, table } from "../../src/cli/terminal.js";

const { stdout } = process;
const columns = Object.getOwnPropertyDescriptor(stdout, "columns");

/** Makes standard output a terminal of so many columns, or none. */
function widthOf(value: number | undefined) {
  Object.defineProperty(stdout, "columns", { value, configurable: true, writable: true });
}

describe("what a terminal shows", () => {
  afterEach(() => {
    if (columns) Object.defineProperty(stdout, "columns", columns);
    else Reflect.deleteProperty(stdout, "columns");
  });

  it("a long value goes on under itself where the terminal is narrow", () => {
    widthOf(40);
    const lines = list([["why", "a reason that is longer than the line can hold"]]).split("\n");
    expect(lines).toEqual(["  why   a reason that is longer than the", "        line can hold"]);
  });

  it("a long value is one line in a pipe", () => {
    widthOf(undefined);
    expect(list([["why", "a reason  ".repeat(30)]])).not.toContain("\n");
  });

  it("spaces within a value stay", () => {
    widthOf(undefined);
    expect(list([["a", "no   why"]])).toBe("  a   no   why");
  });

  it("columns line up to their sides", () => {
    const text = table(
      [
        { heading: "name", align: "left" },
        { heading: "n", align: "right" },
      ],
      [
        ["a", "1000"],
        ["longer", "2"],
      ],
    );
    expect(text).toBe(["  name        n", "  a        1000", "  longer      2"].join("\n"));
  });

  it("a bar is as long as its share, to an eighth of a character, and never longer than its room", () => {
    expect(bar(0.5, 4)).toBe("██");
    expect(bar(0.53125, 4)).toBe("██▏");
    expect(bar(7, 4)).toBe("████");
    expect(bar(1, 0)).toBe("");
  });
});
