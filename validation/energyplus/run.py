"""Runs the plants of `idf/` through years of weather in EnergyPlus and writes them hour by hour.

    python run.py FOLDER [WORD ...]

writes FOLDER/<plant>-<city>.csv for every plant (or those whose names hold a WORD) and
FOLDER/<city>.epw. See README.md.
"""

import csv
import shutil
import string
import sys
import tempfile
from pathlib import Path

from pyenergyplus.api import EnergyPlusAPI
from pyenergyplus.dataset import weather_files

HERE = Path(__file__).parent
CITIES = {
    "phoenix": "usa_az_phoenix",
    "sterling": "usa_va_sterling",
    "miami": "usa_fl_miami",
    "chicago": "usa_il_chicago",
    "boulder": "usa_co_boulder",
}
# Where theirs would spray in the frost and ours does not.
FROSTLESS = {"fluid-cooler-cycling": ["phoenix", "miami"]}
# Share of a megawatt in the hours of a day, for plants that are not loaded evenly.
PROFILE = [0.35] * 6 + [0.5, 0.65, 0.8, 0.9] + [1.0] * 8 + [0.9, 0.8, 0.65, 0.5, 0.4, 0.35]

# What a plant reports, and the columns that it goes to, in which several are summed.
OUTPUTS = {
    "Site Outdoor Air Drybulb Temperature": "dry_bulb_c",
    "Site Outdoor Air Wetbulb Temperature": "wet_bulb_c",
    "Site Outdoor Air Barometric Pressure": "pressure_pa",
    "Pump Electricity Rate": "pumps_w",
    "Chiller Electricity Rate": "chillers_w",
    "Chiller Evaporator Cooling Rate": "evaporators_w",
    "Fluid Heat Exchanger Heat Transfer Rate": "economiser_w",
    "Cooling Tower Heat Transfer Rate": "rejected_w",
    "Cooling Tower Fan Electricity Rate": "fans_w",
    "Cooling Tower Water Evaporation Volume Flow Rate": "evaporation_m3_s",
    "Cooling Tower Water Drift Volume Flow Rate": "drift_m3_s",
    "Cooling Tower Water Blowdown Volume Flow Rate": "blowdown_m3_s",
    "Fluid Cooler Heat Transfer Rate": "rejected_w",
    "Fluid Cooler Fan Electricity Rate": "fans_w",
    "Evaporative Fluid Cooler Heat Transfer Rate": "rejected_w",
    "Evaporative Fluid Cooler Fan Electricity Rate": "fans_w",
    "Evaporative Fluid Cooler Water Evaporation Volume Flow Rate": "evaporation_m3_s",
}
NODES = {
    "tower out": "outlet_c",
    "cooler out": "outlet_c",
    "racks supply out": "supply_c",
    "chiller-1 condenser in": "condenser_c",
}


def fill(part, **values):
    """The text of idf/<part>.idf with its names filled in."""
    return string.Template((HERE / "idf" / f"{part}.idf").read_text()).substitute(values)


def racks(flow, pump_power, supply, equipment, coolers, profile=None, pump_heat=1):
    """The loop of the racks, with a megawatt or a share of it by the hour."""
    hours = profile or [1.0] * 24
    until = ", ".join(f"Until: {hour + 1}:00, {-1e6 * share}" for hour, share in enumerate(hours))
    return [
        fill("loop", loop="racks", least=1, flow=flow, pump_power=pump_power,
             pump_heat=pump_heat, equipment=equipment, coolers=coolers, cooled="load branch"),
        fill("setpoint-constant", loop="racks", setpoint=supply),
        fill("load", flow=flow),
        f"Schedule:Compact, heat, any, Through: 12/31, For: AllDays, {until};",
    ]


def towered(tower, supply, **sizes):
    """Racks straight on an open tower."""
    kind = {"merkel": "CoolingTower:VariableSpeed:Merkel",
            "single-speed": "CoolingTower:SingleSpeed"}[tower]
    sizes = {"flow": 0.0436, "air_flow": 28, "fan_power": 10500, "free_air_flow": 2.8,
             "ua": 150000, "free_ua": 15000, **sizes}
    return [*racks(0.0436, 11153.12, supply, f"{kind}, tower", "tower branch"),
            fill(f"tower-{tower}", **sizes)]


def dry(supply):
    """Racks on a dry cooler."""
    return [*racks(0.02398, 6815.796, supply, "FluidCooler:SingleSpeed, cooler", "cooler branch"),
            fill("dry-cooler", flow=0.02398, air_flow=110, fan_power=44000, ua=200000)]


def sprayed(supply):
    """Racks on a closed-circuit cooler."""
    return [*racks(0.0436, 11153.12, supply, "EvaporativeFluidCooler:SingleSpeed, cooler",
                   "cooler branch"),
            fill("evaporative-cooler", flow=0.0436, air_flow=28, fan_power=20000,
                 spray_flow=0.03, ua=150000)]


CARRIER = {"cop": 6.04, "curves": "carrier-19xr", "least_load": 0.2, "most_load": 1.04,
           "condenser_reference": 29.44, "condenser": "WaterCooled", "flow_mode": "NotModulated"}
YORK = {**CARRIER, "cop": 5.96, "curves": "york-yt", "least_load": 0.1, "most_load": 1.05}
AIR = {"cop": 2.8, "curves": "carrier-30rb390", "least_load": 0.1, "most_load": 1.15,
       "condenser_reference": 35, "condenser": "AirCooled", "flow_mode": "NotModulated"}


# A plant of 1 MW: flows in m3/s, powers in W, air in m3/s, conductance in W/K.
SIZES = {"flow": 0.043, "pump_power": 12286, "pump_heat": 1, "condenser_flow": 0.052,
         "condenser_pump_power": 13371, "air_flow": 33, "fan_power": 12600, "ua": 182000}


def chilled(chiller, capacity, tower="merkel", condenser=21.1, number=1, profile=None, **sizes):
    """Racks on chillers on an open tower."""
    kind = {"merkel": "CoolingTower:VariableSpeed:Merkel",
            "single-speed": "CoolingTower:SingleSpeed"}[tower]
    size = {**SIZES, **sizes}
    names = [f"chiller-{i + 1}" for i in range(number)]
    text = [
        *racks(size["flow"], size["pump_power"], 7,
               ", ".join(f"Chiller:Electric:EIR, {name}" for name in names),
               ", ".join(f"{name} branch" for name in names), profile, size["pump_heat"]),
        fill("loop", loop="condensers", least=1, flow=size["condenser_flow"],
             pump_power=size["condenser_pump_power"], pump_heat=size["pump_heat"],
             equipment=f"{kind}, tower", coolers="tower branch",
             cooled=", ".join(f"{name} condenser branch" for name in names)),
        fill(f"tower-{tower}", flow=size["condenser_flow"], air_flow=size["air_flow"],
             fan_power=size["fan_power"], free_air_flow=0.1 * size["air_flow"],
             ua=size["ua"], free_ua=0.1 * size["ua"]),
    ]
    if condenser == "wet bulb":
        text.append(fill("setpoint-wet-bulb", loop="condensers", approach=4, warmest=30, coldest=15))
    else:
        text.append(fill("setpoint-constant", loop="condensers", setpoint=condenser))
    for name in names:
        text.append(fill("chiller", chiller=name, capacity=capacity,
                         chilled_flow=size["flow"],
                         condenser_flow=size["condenser_flow"], **chiller))
        text.append(fill("condenser", chiller=name))
    return text


def air_cooled():
    """Racks on a chiller whose condenser stands in the open."""
    return [*racks(0.043, 12286, 7, "Chiller:Electric:EIR, chiller-1", "chiller-1 branch"),
            "OutdoorAir:Node, chiller-1 condenser in;",
            fill("chiller", chiller="chiller-1", capacity=1.5e6, chilled_flow=0.043,
                 condenser_flow=1, **AIR)]


PLANTS = {
    "tower-coldest": lambda: towered("merkel", 1.5),
    "tower-variable-speed": lambda: towered("merkel", 24),
    "tower-cycling": lambda: towered("single-speed", 24),
    "fluid-cooler-cycling": lambda: sprayed(26),
    "dry-cooler-coldest": lambda: dry(1.5),
    "dry-cooler-cycling": lambda: dry(32),
    "chiller-carrier": lambda: chilled(CARRIER, 1.2e6),
    "chiller-york": lambda: chilled(YORK, 1.8e6),
    "chiller-cycling-tower": lambda: chilled(CARRIER, 1.2e6, tower="single-speed"),
    "chiller-wet-bulb-reset": lambda: chilled(CARRIER, 1.2e6, condenser="wet bulb"),
    "two-chillers": lambda: chilled(CARRIER, 0.6e6, number=2, profile=PROFILE),
    "air-cooled-chiller": air_cooled,
    "case-h": lambda: chilled(
        YORK, 1.5e6, tower="single-speed", condenser=17, flow=0.0436, pump_power=11153.12,
        pump_heat=0, condenser_flow=0.0498, condenser_pump_power=12738, air_flow=30,
        fan_power=12100, ua=105000),
}


def simulate(text, city, folder):
    """Runs `text` and gives the columns of its hours."""
    path = folder / "in.idf"
    path.write_text(text)
    api = EnergyPlusAPI()
    state = api.state_manager.new_state()
    api.runtime.set_console_output_status(state, False)
    arguments = ["-d", str(folder), "-w", weather_files[CITIES[city]], str(path)]
    failed = api.runtime.run_energyplus(state, arguments)
    api.state_manager.delete_state(state)
    said = (folder / "eplusout.err").read_text()
    if failed:
        raise SystemExit(said)
    columns, ids = {}, {}
    lines = iter((folder / "eplusout.eso").read_text().splitlines())
    for line in lines:
        if line.startswith("End of Data Dictionary"):
            break
        cells = line.split(",")
        if len(cells) < 4:
            continue
        name = cells[3].split(" [")[0]
        column = NODES.get(cells[2].lower()) if name == "System Node Temperature" else OUTPUTS.get(name)
        if column:
            ids[cells[0]] = column
    totals = {}
    for line in lines:
        cells = line.split(",")
        if cells[0] in ids:
            totals.setdefault((ids[cells[0]], cells[0]), []).append(float(cells[1]))
    for (column, _), values in totals.items():
        before = columns.get(column, [0.0] * len(values))
        columns[column] = [a + b for a, b in zip(before, values)]
    return columns


def main():
    folder, *words = sys.argv[1:] or ["--help"]
    if folder == "--help":
        raise SystemExit(__doc__)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    outputs = "\n".join(f"Output:Variable, *, {name}, Hourly;"
                        for name in [*OUTPUTS, "System Node Temperature"])
    for city, weather in CITIES.items():
        shutil.copy(weather_files[weather], folder / f"{city}.epw")
    for plant, parts in PLANTS.items():
        if words and not any(word in plant for word in words):
            continue
        text = "\n".join([fill("base"), fill("curves"), *parts(), outputs])
        for city in FROSTLESS.get(plant, CITIES):
            with tempfile.TemporaryDirectory() as scratch:
                columns = simulate(text, city, Path(scratch))
            with open(folder / f"{plant}-{city}.csv", "w", newline="") as file:
                rows = csv.writer(file)
                rows.writerow(columns)
                rows.writerows([f"{cell:.9g}" for cell in row] for row in zip(*columns.values()))
            means = {name: sum(values) / len(values) for name, values in columns.items()}
            print(plant, city, " ".join(f"{name}={value:.6g}" for name, value in means.items()),
                  flush=True)


if __name__ == "__main__":
    main()
