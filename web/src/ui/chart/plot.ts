import { createContext, useContext } from 'react';

/** The area of a chart inside its axes, in pixels. Each bucket has a band of equal width. */
export interface Plot {
  x: number;
  y: number;
  width: number;
  height: number;
}

export const PlotContext = createContext<Plot | undefined>(undefined);

/** Returns the area of the enclosing chart, for what is drawn over it. */
export const usePlotArea = (): Plot | undefined => useContext(PlotContext);
