"""The model as plain data: expressions, types, places, errors. Knows neither surface nor bits."""
