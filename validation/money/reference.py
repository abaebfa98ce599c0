"""Figures of money by numpy-financial and NREL-PySAM, which share no code with loadbank.

    python3 -m venv /some/where/venv
    /some/where/venv/bin/pip install numpy-financial==1.0.0 NREL-PySAM==7.1.1.post1
    /some/where/venv/bin/python validation/money/reference.py >validation/money/reference.txt

The tests of `sim/money` hold loadbank's own against the file.
"""

import numpy as np
import numpy_financial as npf
import PySAM.Lcoefcr as lcoefcr
import PySAM.Utilityrate5 as utilityrate5

HOURS = 8760


def tell(name, value):
    print(f"{name} {value:.12g}")


def month(yearly):
    return (1 + yearly) ** (1 / 12) - 1


# Five yearly flows.
five = [-100, 30, 40, 50, 20]
tell("five-npv", npf.npv(0.1, five))
tell("five-irr", npf.irr(five))

# Capital as yearly payments, $/MWh of a megawatt that runs all year.
for name, usd, years in [("asics", 1.1e6, 4), ("hall", 11e6, 15), ("gpus", 28e6, 5)]:
    tell(f"annuity-{name}", -npf.pmt(0.1, years, usd) / HOURS)

# 168 MW at 10 M$/MW let for ten years, of whose rent 82.5 % are left.
for name, rent, growth in [("flat", 148.81, 0.0), ("growing", 129.807, 0.03)]:
    rents = [168e3 * rent * 12 * 0.825 * (1 + growth) ** year for year in range(10)]
    tell(f"deal-irr-{name}", npf.irr([-1680e6] + rents))


def retrofit(mine_usd_mwh=45, rent=130, years=10):
    """What 100 MW of miners gain as 30, 30 and 40 MW of halls: flows at the ends of months."""
    phases = [(0, 9, 30), (6, 12, 30), (12, 12, 40)]
    flows = np.zeros(24 + 12 * years + 1)
    for k in range(1, len(flows)):
        left = 100 - sum(mw for start, _, mw in phases if k > start)
        cut = any(start + work - 3 < k <= start + work for start, work, _ in phases)
        flows[k] = 730 * mine_usd_mwh * (left * (0.9 if cut else 1.0) - 100)
        for start, work, mw in phases:
            if start < k <= start + work:
                flows[k] -= mw / 1.25 * 11e6 / work
            elif k > start + work:
                flows[k] += mw / 1.25 * 1000 * rent * 0.85 * 1.02 ** ((k - start - work - 1) // 12)
    return flows


tell("retrofit-npv", npf.npv(month(0.12), retrofit()))
for name, flows in [
    ("dear", retrofit(mine_usd_mwh=15)),
    ("long", retrofit(mine_usd_mwh=15, years=20)),
    ("high", retrofit(mine_usd_mwh=15, rent=170)),
]:
    tell(f"retrofit-irr-{name}", (1 + npf.irr(flows)) ** 12 - 1)

# 200 MW at 808.33 $/kW-month for five years at 10 %, from the second month on: as agreed, with a fifth
# prepaid, and left after three years with 25 % for a fee of 100 M$, which then pays back what is prepaid.
rent = 200e3 * 808.33
plain = [0, 0] + [rent] * 60
prepaid = [0, 0] + [0.8 * rent] * 60
prepaid[2] += 0.2 * 60 * rent
left = [0, 0] + [0.8 * rent] * 36 + [0.0] * 24
left[2] += 0.2 * 60 * rent
left[37] += 100e6 - 0.2 * 24 * rent
tell("lease-npv", npf.npv(month(0.1), plain))
tell("lease-npv-prepaid", npf.npv(month(0.1), prepaid))
either = 0.75 * np.array(prepaid) + 0.25 * np.array(left)
tell("lease-npv-may-end", npf.npv(month(0.1), either))

# The demand of a year by the hour, 5 $/kW-month, without and with a ratchet of 80 % over 11 months.
hours = np.arange(HOURS)
load = 1000 * (
    80 + 15 * np.sin(2 * np.pi * (hours // 24 - 80) / 365) + 5 * np.sin(2 * np.pi * (hours % 24) / 24)
)


def demand(months=0, percent=0):
    rate = utilityrate5.new()
    rate.assign({
        "Lifetime": {"analysis_period": 1, "system_use_lifetime_output": 0, "inflation_rate": 0},
        "SystemOutput": {"gen": [0.0] * HOURS, "degradation": [0.0]},
        "Load": {"load": load.tolist(), "load_escalation": [0.0]},
        "ElectricityRates": {
            "rate_escalation": [0.0],
            "ur_metering_option": 4,
            "ur_nm_yearend_sell_rate": 0,
            "ur_monthly_fixed_charge": 0,
            "ur_monthly_min_charge": 0,
            "ur_annual_min_charge": 0,
            "ur_sell_eq_buy": 0,
            "ur_ec_sched_weekday": [[1] * 24] * 12,
            "ur_ec_sched_weekend": [[1] * 24] * 12,
            "ur_ec_tou_mat": [[1, 1, 1e38, 0, 0.03, 0]],
            "ur_dc_enable": 1,
            "ur_dc_sched_weekday": [[1] * 24] * 12,
            "ur_dc_sched_weekend": [[1] * 24] * 12,
            "ur_dc_flat_mat": [[k, 1, 1e38, 5.0] for k in range(12)],
            "ur_dc_tou_mat": [[1, 1, 1e38, 0]],
            "ur_en_ts_sell_rate": 0,
            "ur_ts_sell_rate": [0.0],
            "ur_ts_buy_rate": [0.0],
            "ur_en_ts_buy_rate": 0,
            "ur_nm_credit_month": 0,
            "ur_nm_credit_rollover": 0,
            "ur_enable_billing_demand": 1 if months else 0,
            "ur_billing_demand_minimum": 0,
            "ur_billing_demand_lookback_period": months,
            "ur_billing_demand_lookback_percentages": [[percent, 1]] * 12,
            "ur_dc_billing_demand_periods": [[1, 1]],
            "ur_yearzero_usage_peaks": [0.0] * 12,
        },
    })
    rate.execute(0)
    return sum(rate.Outputs.year1_monthly_dc_fixed_without_system)


tell("demand", demand())
tell("demand-ratchet", demand(11, 80))

# What a kilowatt-hour costs, by a fixed charge rate and by the annuity of 25 years at 10 %.
for name, rate in [("fixed", 0.0817), ("annuity", -npf.pmt(0.1, 25, 1))]:
    cost = lcoefcr.new()
    cost.SimpleLCOE.assign({
        "annual_energy": 2039242.9,
        "capital_cost": 1.1e6,
        "fixed_charge_rate": rate,
        "fixed_operating_cost": 2.1e4,
        "variable_operating_cost": 0.0,
    })
    cost.execute(0)
    tell(f"lcoe-{name}", cost.Outputs.lcoe_fcr)
