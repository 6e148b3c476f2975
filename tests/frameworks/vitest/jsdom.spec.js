// @vitest-environment jsdom
import "./page.js";
