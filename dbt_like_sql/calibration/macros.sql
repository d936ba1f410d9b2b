-- Formulas of the calibration, used by its tables and by the account of a claim. Fees are whole cents; a mean is a
-- sum over a count and stays one until the formula's end.

-- The base point of a stable group: its mean fee over the mean fee of all retained cases, times the unit of points.
create or replace macro base_point_of_mean(fee_cents, n, all_cents, all_n, unit_scale) as
    quotient_4(cast(fee_cents as hugeint) * all_n * unit_scale, cast(n as hugeint) * all_cents);

-- That of an unstable group: its median fee in the place of the mean.
create or replace macro base_point_of_median(twice_median_cents, all_cents, all_n, unit_scale) as
    quotient_4(cast(twice_median_cents as hugeint) * all_n * unit_scale, 2 * all_cents);

-- The points of a day: the mean fee of a day in the place of that of a case.
create or replace macro day_points_of(fee_cents, days, all_cents, all_n, unit_scale) as
    quotient_4(cast(fee_cents as hugeint) * all_n * unit_scale, cast(days as hugeint) * all_cents);

-- The mean fee of a group at a level over that of the whole group.
create or replace macro quotient_of_level(level_cents, level_n, group_cents, group_n) as
    quotient_4(cast(level_cents as hugeint) * group_n, cast(level_n as hugeint) * cast(group_cents as hugeint));

-- A level's own coefficient: that quotient, held between the lowest and the highest.
create or replace macro own_coefficient_of(quotient, lowest, highest) as least(greatest(quotient, lowest), highest);

-- The coefficient of a group at a level, by what it rests on.
create or replace macro coefficient_of_basis(basis, own, basic_group, level_default, neighbour, nearest_ceiling) as
    case basis
        when 'own' then own
        when 'basic_group' then basic_group
        when 'primary_default' then level_default
        when 'nearest' then least(neighbour, nearest_ceiling)
    end;
