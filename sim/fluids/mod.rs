//! Properties of moist air and water.
