"""Everything that the distribution {{ distribution_name }} installs."""
