"""Everything that {{ distribution_name }} installs."""
