-- The licenses that works are published under, where the pod has none: those of Creative Commons with their ports, the
-- public domain, and the Free Art License.
insert into licenses (code, url, copyleft, commercial, attribution, derivative, redistribute)
with kinds (kind, copyleft, commercial, derivative) as (values
    ('by', false, true, true), ('by-nc', false, false, true), ('by-nd', false, true, false),
    ('by-sa', true, true, true), ('by-nc-nd', false, false, false), ('by-nc-sa', true, false, true)
), places (place) as (values
    ('1.0'), ('2.0'), ('2.5'), ('3.0'), ('4.0'), ('2.5-ar'), ('2.5-bg'), ('2.5-ca'), ('2.5-co'), ('2.5-dk'),
    ('2.5-hu'), ('2.5-il'), ('2.5-in'), ('2.5-mk'), ('2.5-mt'), ('2.5-mx'), ('2.5-my'), ('2.5-pe'), ('2.5-scotland'),
    ('3.0-at'), ('3.0-au'), ('3.0-br'), ('3.0-ch'), ('3.0-cl'), ('3.0-cn'), ('3.0-cr'), ('3.0-cz'), ('3.0-de'),
    ('3.0-ec'), ('3.0-ee'), ('3.0-eg'), ('3.0-es'), ('3.0-fr'), ('3.0-gr'), ('3.0-gt'), ('3.0-hk'), ('3.0-hr'),
    ('3.0-ie'), ('3.0-igo'), ('3.0-it'), ('3.0-lu'), ('3.0-nl'), ('3.0-no'), ('3.0-nz'), ('3.0-ph'), ('3.0-pl'),
    ('3.0-pr'), ('3.0-pt'), ('3.0-ro'), ('3.0-rs'), ('3.0-sg'), ('3.0-th'), ('3.0-tw'), ('3.0-ug'), ('3.0-us'),
    ('3.0-ve'), ('3.0-vn'), ('3.0-za')
), known (code, url, copyleft, commercial, attribution, derivative) as (
    select 'cc-' || kind || '-' || place,
        'https://creativecommons.org/licenses/' || kind || '/' || replace(place, '-', '/') || '/',
        copyleft, commercial, true, derivative
    from kinds cross join places
    union all select 'cc0-1.0', 'https://creativecommons.org/publicdomain/zero/1.0/', false, true, false, true
    union all select 'LAL-1.3', 'https://artlibre.org/licence/lal', true, true, true, true
)
select code, url, copyleft, commercial, attribution, derivative, true from known
where not exists (select 1 from licenses);
